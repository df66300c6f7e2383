import type { SpanState } from './actual.js';
import type { GreSpec } from './actual-gre.js';
import { dispatch, type Ref, type Step, type StepTable } from './step.js';

const spanText: Record<SpanState, string> = { 0: 'off', 1: 'rx', 2: 'tx', 3: 'both' };

const lines: StepTable<string> = {
  'check-port': (s) => `check that interface ${s.index} is port ${s.port}`,
  'create-bridge-domain': (s) => `create bridge domain ${s.id} tagged ${s.tag}`,
  'delete-bridge-domain': (s) => `delete bridge domain ${s.id} tagged ${s.tag}`,
  'create-loopback': (s) => `create ${s.as} with MAC address ${s.mac}`,
  'delete-loopback': (s) => `delete ${name(s.at)}`,
  'create-vlan': (s) => `create ${s.as}: VLAN ${s.vlan} on interface ${s.parent}`,
  'delete-vlan': (s) => `delete ${name(s.at)}`,
  'create-vxlan': (s) => `create ${s.as}: VXLAN ${s.vni} from ${s.local} to ${s.remote}`,
  'delete-vxlan': (s) => `delete ${name(s.at)}: VXLAN ${s.vni} from ${s.local} to ${s.remote}`,
  'create-gre': (s) => `create ${s.as}: ${greText(s.spec)}`,
  'delete-gre': (s) => `delete ${name(s.at)}: ${greText(s.spec)}`,
  'set-tag': (s) => (s.tag === '' ? `clear the tag of ${name(s.at)}` : `tag ${name(s.at)} as ${s.tag}`),
  'set-rewrite': (s) => `${name(s.at)}: ${s.pop === 1 ? 'pop one VLAN tag' : 'no tag rewrite'}`,
  'set-admin': (s) => `set ${name(s.at)} ${s.up ? 'up' : 'down'}`,
  'set-mtu': (s) => `let packets of ${s.mtu} bytes through ${name(s.at)}`,
  'join-bridge': (s) => `put ${name(s.at)} into bridge domain ${s.id}, split-horizon group ${s.shg}`,
  'take-unicast': (s) =>
    `send the unicast of bridge domain ${s.id} out by ${name(s.at)} alone, split-horizon group ${s.shg}`,
  'leave-bridge': (s) => `take ${name(s.at)} out of bridge domain ${s.id}`,
  mute: (s) => `drop what comes in by ${name(s.at)}`,
  unmute: (s) => `let in what comes by ${name(s.at)}`,
  'set-span': (s) => `mirror interface ${s.from} to ${name(s.to)}: ${spanText[s.state]}`,
  'create-acl': (s) => `create ${s.as} with ${s.rules.length} rules, tagged ${s.tag}`,
  'replace-acl': (s) => `replace the rules of ACL ${s.index} by ${s.rules.length} others`,
  'delete-acl': (s) => `delete ACL ${name(s.at)} tagged ${s.tag}`,
  'bind-acls': (s) => `input ACLs of ${name(s.at)}: ${s.acls.map(name).join(', ') || 'none'}`,
  'set-ether-types': (s) =>
    `ethertypes that pass the ACLs of ${name(s.at)}: ${s.types.map((type) => type.toString(16)).join(', ') || 'all'}`,
  'create-classifier': (s) => `create ${s.as}: a classifier of ${s.classifier.tables.length} tables`,
  'delete-classifier': (s) => `delete the classifier ${name(s.at)}`,
  'attach-classifier': (s) => `filter ${name(s.at)} by the classifier ${name(s.table)}`,
  'detach-classifier': (s) => `filter ${name(s.at)} no more by the classifier ${name(s.table)}`,
  'create-policer': (s) => `create ${s.as}: ${s.kbps} kbit/s`,
  'update-policer': (s) => `change policer ${s.name} to ${s.kbps} kbit/s`,
  'delete-policer': (s) => `delete policer ${s.name}`,
  'create-policing': (s) => `create ${s.as}: every frame to ${name(s.policer)}`,
  'attach-policer': (s) => `police ${name(s.at)} by ${name(s.table)}`,
  'detach-policer': (s) => `police ${name(s.at)} no more by ${name(s.table)}`,
};

/** One line for people: dry run, logs, reasons. */
export function describeStep(step: Step): string {
  return dispatch(lines, step);
}

function name(ref: Ref): string {
  return 'ref' in ref ? ref.ref : `interface ${ref.index}`;
}

function greText({ type, local, remote, id }: GreSpec): string {
  return `${type === 'teb' ? 'GRE with key' : 'ERSPAN session'} ${id} from ${local} to ${remote}`;
}
