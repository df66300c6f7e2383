import { dispatch, type Step, type StepTable } from './step.js';

const inverses: StepTable<Step | null> = {
  'check-port': () => null,
  'create-bridge-domain': (s) => ({ kind: 'delete-bridge-domain', id: s.id, tag: s.tag }),
  'delete-bridge-domain': (s) => ({ kind: 'create-bridge-domain', id: s.id, tag: s.tag }),
  'create-loopback': (s) => ({ kind: 'delete-loopback', at: { ref: s.as } }),
  'create-vlan': (s) => ({ kind: 'delete-vlan', at: { ref: s.as } }),
  'create-vxlan': (s) => ({ kind: 'delete-vxlan', at: { ref: s.as }, local: s.local, remote: s.remote, vni: s.vni }),
  'create-gre': (s) => ({ kind: 'delete-gre', at: { ref: s.as }, spec: s.spec }),
  // What was deleted was unwanted; a retry goes on from where it is.
  'delete-loopback': () => null,
  'delete-vlan': () => null,
  'delete-vxlan': () => null,
  'delete-gre': () => null,
  'set-tag': (s) => ({ kind: 'set-tag', at: s.at, tag: s.before, before: s.tag }),
  'set-rewrite': (s) => ({ kind: 'set-rewrite', at: s.at, pop: s.before, before: s.pop }),
  'set-admin': (s) => ({ kind: 'set-admin', at: s.at, up: s.before, before: s.up }),
  'set-mtu': () => null,
  'join-bridge': (s) => ({ kind: 'leave-bridge', at: s.at, id: s.id }),
  'take-unicast': (s) => ({ kind: 'leave-bridge', at: s.at, id: s.id }),
  'leave-bridge': () => null,
  mute: () => null,
  unmute: (s) => ({ kind: 'mute', at: s.at }),
  // Back to what was mirrored before only if that was less: undoing must never make copies flow.
  'set-span': (s) => (s.state === 0 ? null : { kind: 'set-span', from: s.from, to: s.to, state: 0, before: s.state }),
  'create-acl': (s) => ({ kind: 'delete-acl', at: { ref: s.as }, tag: s.tag, rules: s.rules }),
  'replace-acl': () => null,
  'delete-acl': () => null,
  // A filter is taken off an interface that is about to go: by now its index may be somebody else's.
  'bind-acls': (s) => (s.acls.length === 0 ? null : { kind: 'bind-acls', at: s.at, acls: s.before, before: s.acls }),
  'set-ether-types': (s) =>
    s.types.length === 0 ? null : { kind: 'set-ether-types', at: s.at, types: s.before, before: s.types },
  'create-classifier': (s) => ({ kind: 'delete-classifier', at: { ref: s.as } }),
  'delete-classifier': () => null,
  'attach-classifier': (s) => ({ kind: 'detach-classifier', at: s.at, table: s.table }),
  'detach-classifier': () => null,
  'create-policer': (s) => ({ kind: 'delete-policer', name: s.name }),
  'update-policer': () => null,
  'delete-policer': () => null,
  'create-policing': (s) => ({ kind: 'delete-classifier', at: { ref: s.as } }),
  'attach-policer': (s) => ({ kind: 'detach-policer', at: s.at, table: s.table }),
  'detach-policer': () => null,
};

/**
 * The step that takes back what `step` made, or null if nothing is to be taken back. Undoing a sequence must leave
 * nothing half-made behind and must never widen what is copied to whom; it need not restore what was unwanted anyway.
 */
export function inverseOf(step: Step): Step | null {
  return dispatch(inverses, step);
}
