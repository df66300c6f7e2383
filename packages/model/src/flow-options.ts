import Type, { type Static } from 'typebox';

/** What a user may ask of a tap flow besides, and its node is told as it is. Absent: nothing was asked for. */
export const flowOptions = {
  /**
   * Its copies are counted by themselves: it has a loopback of its own. Absent: what VPP counts together with other flows is not
   * divided. An agent that does not know this counts as before.
   */
  accounting: Type.Optional(Type.Literal('exact')),
};
const FlowOptions = Type.Object(flowOptions);
export type FlowOptions = Static<typeof FlowOptions>;

/** The options of a flow that has others' fields, too. */
export function flowOptionsOf(flow: FlowOptions): FlowOptions {
  return Object.fromEntries(Object.entries(flow).filter(([name]) => Object.hasOwn(flowOptions, name)));
}
