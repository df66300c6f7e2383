import type { AgentRecord } from './state-record.js';

/** What taps may ask of a node that not every release of VPP can do; an agent names in its record what its own can. */
export const abilities = ['vlan', 'vxlan', 'gre', 'erspan', 'policers'] as const;
export type Ability = (typeof abilities)[number];

/**
 * Whether the node of an agent can do it. An agent that names none of them is of before they were told, and worked with VPPs alone
 * that could do all.
 */
export function isAble({ capabilities }: Pick<AgentRecord, 'capabilities'>, ability: Ability): boolean {
  return capabilities.includes(ability) || !abilities.some((each) => capabilities.includes(each));
}
