import { canonicalAddress } from '../node-facts.js';
import { type Blocker, pending } from '../plan/blocker.js';
import type { ActualView } from '../snapshot.js';
import { ownTag, parseOwnTag } from '../tags.js';
import type { Wanted, WantedFlow } from '../wanted/wanted.js';
import type { Attachment } from './plan-attachment.js';

/**
 * Where the copies of one tap service leave this node.
 * - `local`: the collector is here; copies of other nodes come in by the inputs.
 * - `link`: the collector is elsewhere; one link for all flows, since a bridge domain floods to all of its members.
 * - `frozen`: the record that would say so cannot be read; what is there stays as it is.
 * - `none`: nobody wants copies here.
 */
export type ServiceExit =
  | { readonly type: 'local'; readonly attachments: readonly Attachment[] }
  | { readonly type: 'link'; readonly attachments: readonly [Attachment] }
  | { readonly type: 'frozen' }
  | { readonly type: 'none' };

export function serviceExit(
  service: string,
  live: readonly WantedFlow[],
  wanted: Wanted,
  actual: ActualView,
): ServiceExit {
  const own = wanted.service(service);
  if (own && !own.record.removed) {
    const inputs = own.record.inputs.map((link): Attachment => ({ type: 'input', link }));
    const port = own.record.port_id;
    const { receipts } = own.record;
    const more: readonly Attachment[] = receipts ? [{ type: 'receipts', link: receipts }] : [];
    return { type: 'local', attachments: [{ type: 'collector', port }, { type: 'unicast', port }, ...inputs, ...more] };
  }
  if (wanted.isUnreadable('tap_services', service)) return { type: 'frozen' };
  let newest: WantedFlow | undefined;
  for (const flow of live)
    if (flow.record.target.type !== 'local' && flow.revision >= (newest?.revision ?? 0)) newest = flow;
  if (newest && newest.record.target.type !== 'local')
    return { type: 'link', attachments: [{ type: 'output', link: newest.record.target }] };
  return hasUnreadableFlow(service, wanted, actual) ? { type: 'frozen' } : { type: 'none' };
}

/** Why this flow cannot use the exit: its target is not (yet, or any more) the one that the service has here. */
export function exitBlocker(flow: WantedFlow, exit: ServiceExit): Blocker | null {
  const { target, tap_service_id: service } = flow.record;
  if (exit.type === 'frozen')
    return pending('record_invalid', `the record of tap service ${service} on this node cannot be read`).blocker;
  if (target.type === 'local')
    return exit.type === 'local'
      ? null
      : pending('waiting_for_tap_service', `tap service ${service} is not on this node yet`).blocker;
  if (exit.type === 'local')
    return pending('waiting_for_tap_service', `tap service ${service} is on this node, the flow aims elsewhere`)
      .blocker;
  if (exit.type === 'link' && exit.attachments[0].type === 'output' && sameLink(exit.attachments[0].link, target))
    return null;
  return pending('waiting_for_tap_service', `another flow of tap service ${service} leaves this node by another link`)
    .blocker;
}

type AnyLink = Exclude<WantedFlow['record']['target'], { type: 'local' }>;

function sameLink(a: AnyLink, b: AnyLink): boolean {
  if (a.type === 'vlan') return b.type === 'vlan' && a.physnet === b.physnet && a.vlan === b.vlan;
  return (
    b.type === 'vxlan' &&
    a.vni === b.vni &&
    canonicalAddress(a.local) === canonicalAddress(b.local) &&
    canonicalAddress(a.remote) === canonicalAddress(b.remote)
  );
}

function hasUnreadableFlow(service: string, wanted: Wanted, actual: ActualView): boolean {
  for (const id of wanted.flowsOf(service)) if (wanted.isUnreadable('tap_flows', id)) return true;
  for (const domain of actual.bridgeDomains.by('tag', ownTag('service', service)))
    for (const index of domain.members.keys()) {
      const own = parseOwnTag(actual.interfaces.get(index)?.tag ?? '');
      if (own?.kind === 'flow' && wanted.isUnreadable('tap_flows', own.id)) return true;
    }
  return false;
}
