import type { ActualInterface, ActualView } from './actual.js';
import type { GreSpec } from './actual-gre.js';
import { withdrawFilters } from './plan-filter.js';
import { removePolicer, withdrawPolicer } from './plan-policer.js';
import type { Step } from './step.js';
import { ownTag } from './tags.js';

const none: ReadonlySet<number> = new Set();

/**
 * Takes an attachment away: what is mirrored to it first, since VPP does not notice that a destination is deleted, then out
 * of its bridge domain, so that a removal that stops half-way copies nothing.
 */
export function removeAttachment(entry: ActualInterface, actual: ActualView): Step[] {
  const at = { index: entry.index };
  const gre = actual.gre.ofInterface(entry.index);
  if (gre) return [...leave(entry.index, actual), { kind: 'delete-gre', at, spec: greSpec(gre) }];
  const tunnel = actual.tunnel(entry.index);
  const { index: _, ...addresses } = tunnel ?? { index: 0, local: '', remote: '', vni: 0 };
  return [
    ...spansOff(entry.index, actual),
    ...leave(entry.index, actual),
    tunnel ? { kind: 'delete-vxlan', at, ...addresses } : { kind: 'delete-vlan', at },
  ];
}

/** What a tunnel is, without where VPP has it. */
function greSpec({ type, local, remote, id }: GreSpec): GreSpec {
  return { type, local, remote, id };
}

/**
 * Takes a loopback away. Everything that is mirrored to it is switched off before: VPP does not notice that a
 * destination is deleted, and the next interface, whoever owns it, would get its index and the copies.
 */
export function removeLoopback(index: number, actual: ActualView): Step[] {
  return [
    ...spansOff(index, actual),
    ...withdrawFilters(index, actual),
    ...withdrawPolicer(index, actual),
    ...leave(index, actual),
    { kind: 'delete-loopback', at: { index } },
  ];
}

export function spansOff(to: number, actual: ActualView, except: ReadonlySet<number> = none): Step[] {
  return [...actual.spansTo(to)]
    .filter((from) => !except.has(from))
    .map((from) => ({
      kind: 'set-span',
      from,
      to: { index: to },
      state: 0,
      before: actual.spansFrom(from).get(to) ?? 0,
    }));
}

/** Everything of a flow: loopbacks with its tag, its ACLs, which must be unbound before, and its policer. */
export function removeFlow(flow: string, actual: ActualView): Step[] {
  const tag = ownTag('flow', flow);
  const loopbacks = [...actual.tagged(tag)].map(({ index }) => index);
  return [
    ...loopbacks.flatMap((index) => removeLoopback(index, actual)),
    ...[...actual.aclsTagged(tag)].map(
      (acl): Step => ({ kind: 'delete-acl', at: { index: acl.index }, tag, rules: acl.rules }),
    ),
    ...removePolicer(tag, actual, new Set(loopbacks)),
  ];
}

export function leave(index: number, actual: ActualView): Step[] {
  const member = actual.membership(index);
  return member ? [{ kind: 'leave-bridge', at: { index }, id: member.bridgeDomain }] : [];
}
