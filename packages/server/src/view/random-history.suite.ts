import { keys } from '@taas/model';
import type { FollowEvent, KeyValue } from '@taas/store';
import fc from 'fast-check';
import { acme } from '../test-cloud.suite.js';

const globex = 'globex';

/** An id that says which of the few it is. */
export const uuid = (letter: string) => `${letter.repeat(8)}-0000-4000-8000-000000000000`;
export const anyId = fc.constantFrom('a', 'b', 'c').map(uuid);
export const anyNode = fc.constantFrom('n1', 'n2');
const common = { v: 1, project_id: acme, name: '', description: '', created_at: 1 };

/** A key and a value that may stand there: few of each, so that they have to do with each other. */
export const anyRecord: fc.Arbitrary<readonly [string, string]> = fc
  .oneof(
    fc
      .tuple(anyId, anyId)
      .map(([a, port]) => [keys.resource('tap_services', a), { ...common, id: a, port_id: port }] as const),
    fc.tuple(anyId, anyId, anyId).map(([a, service, port]) => {
      const flow = { tap_service_id: service, source_port: port, direction: 'IN', vlan_filter: null };
      return [keys.resource('tap_flows', a), { ...common, id: a, ...flow }] as const;
    }),
    fc.tuple(anyId, fc.nat(3)).map(([a, n]) => {
      return [keys.segment({ type: 'vlan', physnet: 'p', id: n }), { v: 1, tap_service_id: a }] as const;
    }),
    fc.tuple(anyNode, anyId, anyId).map(([node, a, port]) => {
      const value = { v: 1, id: a, project_id: acme, port_id: port, inputs: [] };
      return [keys.nodeResource(node, 'tap_services', a), value] as const;
    }),
    fc.tuple(anyNode, anyId, anyId).map(([node, a, service]) => {
      const flow = { tap_service_id: service, source_port: a, direction: 'IN', vlan_filter: null, filter: [] };
      const value = { v: 1, id: a, project_id: acme, ...flow, target: { type: 'local' } };
      return [keys.nodeResource(node, 'tap_flows', a), value] as const;
    }),
    fc
      .tuple(anyNode, anyId, fc.constantFrom({}, { project_id: acme }, { project_id: globex }))
      .map(([node, a, value]) => {
        return [keys.boundPort(node, a), value] as const;
      }),
    fc.tuple(anyId, fc.constantFrom('source', 'collector', 'nobody')).map(([a, role]) => {
      return [keys.portRole(a), { v: 1, role, project_id: acme }] as const;
    }),
    fc.tuple(anyNode, anyId, fc.uniqueArray(anyId)).map(([node, a, subports]) => {
      return [keys.boundTrunk(node, a), { sub_ports: subports.map((port_id) => ({ port_id })) }] as const;
    }),
    fc
      .tuple(
        anyNode,
        anyId,
        fc.constantFrom('tap_services', 'tap_flows'),
        fc.constantFrom('ACTIVE', 'PENDING', 'DOWN', 'ERROR'),
      )
      .chain((part) => fc.nat(40).map((revision) => [...part, revision] as const))
      .map(([node, a, kind, status, revision]) => {
        return [keys.stateResource(node, kind, a), { v: 1, id: a, revision, status, reason: '' }] as const;
      }),
  )
  .map(([key, value]) => [key, JSON.stringify(value)] as const);

/** What etcd would hold and tell after a row of changes, one a revision. */
export class History {
  readonly #now = new Map<string, KeyValue>();
  #revision = 0;

  /** @param value null to delete. @returns null if there is nothing to delete */
  change(key: string, value: string | null): Extract<FollowEvent, { kind: 'changes' }> | null {
    const existing = this.#now.get(key);
    if (value === null && !existing) return null;
    this.#revision += 1;
    const revision = this.#revision;
    if (value === null) {
      this.#now.delete(key);
      return { kind: 'changes', revision, changes: [{ kind: 'delete', key, modRevision: revision }] };
    }
    const entry = { key, value, modRevision: revision, createRevision: existing?.createRevision ?? revision };
    this.#now.set(key, entry);
    return { kind: 'changes', revision, changes: [{ kind: 'put', entry }] };
  }

  snapshot(): Extract<FollowEvent, { kind: 'snapshot' }> {
    const entries = [...this.#now.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return { kind: 'snapshot', revision: this.#revision, entries };
  }
}
