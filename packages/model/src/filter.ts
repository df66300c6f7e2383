import Type, { type Static } from 'typebox';

/** Prefixes and ports as VPP's ACLs take them. A rule matches only if each part that it names does. */
export const FilterRule = Type.Object({
  action: Type.Union([Type.Literal('accept'), Type.Literal('reject')]),
  ethertype: Type.Union([Type.Literal('ipv4'), Type.Literal('ipv6')]),
  /** IP protocol number; 0 or absent: any. Ports need 6 (TCP), 17 (UDP) or 132 (SCTP). */
  protocol: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
  source: Type.Optional(Type.String()),
  destination: Type.Optional(Type.String()),
  source_ports: Type.Optional(Type.Tuple([port(), port()])),
  destination_ports: Type.Optional(Type.Tuple([port(), port()])),
});
/** One line of a flow's filter; lines are tried in order, and what matches none is not copied. */
export type FilterRule = Static<typeof FilterRule>;

function port() {
  return Type.Integer({ minimum: 0, maximum: 65535 });
}
