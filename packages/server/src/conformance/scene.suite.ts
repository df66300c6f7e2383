/** What the transcripts' recorder did without recording it, and what a world of ours needs beside. */
export type HiddenStep =
  | { readonly do: 'create'; readonly as: string; readonly kind: Kind; readonly name: string; readonly body: object }
  | { readonly do: 'delete'; readonly kind: Kind; readonly name: string }
  | { readonly do: 'delete-all' }
  | { readonly do: 'new-port'; readonly name: string; readonly project: string }
  | { readonly do: 'reset-quota'; readonly project: string }
  | { readonly do: 'revoke'; readonly token: string }
  /** The compiler and the agents come to rest, the agents saying this of what they were told; then they sleep again. */
  | { readonly do: 'converge'; readonly status: 'ACTIVE' | 'ERROR' };

export type Kind = 'tap_service' | 'tap_flow';

const service = (name: string, port: string, body: object = {}, as = 'alice'): HiddenStep => ({
  ...{ do: 'create', as, kind: 'tap_service', name: `<${name}>` },
  body: { name, port_id: port, ...body },
});
const flow = (name: string, to: string, source: string, body: object = {}, as = 'alice'): HiddenStep => ({
  ...{ do: 'create', as, kind: 'tap_flow', name: `<${name}>` },
  body: { name, tap_service_id: `<${to}>`, source_port: source, direction: 'BOTH', ...body },
});
const port = (name: string, project: string): HiddenStep => ({ do: 'new-port', name: `<${name}>`, project });

const converge: HiddenStep = { do: 'converge', status: 'ACTIVE' };

/** Steps before a line, by the line's key. */
export const hiddenBefore: Readonly<Record<string, readonly HiddenStep[]>> = {
  'auth.list-after-revocation-cached': [{ do: 'revoke', token: 'alice-revoked-seen' }],
  'iso.ts.list-alice': [
    service('ts-bob', '<umbrella-port1>', {}, 'bob'),
    flow('tf-bob', 'ts-bob', '<umbrella-port2>', {}, 'bob'),
  ],
  // Where ours has refused the reader, the reader finds what a member has made.
  'reader.tf.create': [service('ts-carol', '<acme-port4 as collector>')],
  'reader.tf.delete': [flow('tf-carol', 'ts-carol', '<acme-port2>', { direction: 'IN' })],
  'reader.network.create-for-comparison': [{ do: 'delete', kind: 'tap_service', name: '<ts-carol>' }],
  'list.all': [
    { do: 'delete-all' },
    service('delta', '<acme-port1>', { description: 'd0' }),
    service('alpha', '<acme-port2 as collector>', { description: 'd1' }),
    service('charlie', '<acme-port3 as collector>', { description: 'd0' }),
    service('bravo', '<acme-port4 as collector>', { description: 'd1' }),
    service('echo', '<acme-port1>', { description: 'd0' }),
  ],
  'list.marker-other-project': [service('ts-bob2', '<umbrella-port1>', {}, 'bob')],
  'list.page.admin-limit-3': [{ do: 'delete', kind: 'tap_service', name: '<ts-bob2>' }],
  'list.tf-all': [
    flow('f0', 'delta', '<acme-port2>', { direction: 'IN' }),
    flow('f1', 'delta', '<acme-port3>', { direction: 'OUT', vlan_filter: '1-5' }),
    flow('f2', 'delta', '<acme-port4>', { vlan_filter: '7' }),
  ],
  'portdel.source_port': [
    { do: 'delete-all' },
    port('tmp-src-port', '<project-acme>'),
    service('ts-stays', '<acme-port1>'),
    flow('flow-from-tmp', 'ts-stays', '<tmp-src-port>'),
  ],
  'portdel.tap_port': [
    port('tmp-tap-port', '<project-acme>'),
    service('ts-on-tmp', '<tmp-tap-port>'),
    flow('flow-to-tmp', 'ts-on-tmp', '<acme-port2>'),
  ],
  // The real server had a flow of alice's on a port of bob's here, which cannot be made with ours.
  'portdel.bob-deletes-port-tapped-by-alice': [port('tmp-bob-on-acme2', '<project-umbrella>')],
  'limit.ts.after-100-services-bob': [
    { do: 'delete-all' },
    // Which the real one could not set.
    { do: 'reset-quota', project: '<project-acme>' },
    ...Array.from({ length: 100 }, (_, n) => service(`bob-${n}`, '<umbrella-port1>', {}, 'bob')),
  ],
  'life.ts.show-after-agent-answered': [converge],
  'life.tf.show-active': [converge],
  'life.tf.show-gone': [converge],
  'life.ts.show-gone': [converge],
  'life.ts.delete-2': [converge],
  'life.ts.create-error': [converge],
  'life.ts.show-error': [{ do: 'converge', status: 'ERROR' }],
  'life.portdel.source_port': [
    { do: 'delete-all' },
    converge,
    port('tmp-src-port', '<project-acme>'),
    service('ts-stays', '<acme-port1>'),
    flow('flow-from-tmp', 'ts-stays', '<tmp-src-port>'),
    converge,
  ],
  'life.portdel.source_port.flow-later': [converge],
  'life.portdel.tap_port': [
    port('tmp-tap-port', '<project-acme>'),
    service('ts-on-tmp', '<tmp-tap-port>'),
    flow('flow-to-tmp', 'ts-on-tmp', '<acme-port2>'),
    converge,
  ],
  'life.portdel.tap_port.service-later': [converge],
  'iso.rbac.bob-port-on-alice-net': [port('tmp-bob-on-acme', '<project-umbrella>')],
  'life.stuck.flow-before': [
    port('tmp-bob-on-acme', '<project-umbrella>'),
    port('tmp-alice-tap', '<project-acme>'),
    service('ts-stuck', '<tmp-alice-tap>'),
    converge,
  ],
};

/** Lines after which the recorder deleted again what the line had made. */
export const cleanedUp = (line: { readonly name: string }, answer: { readonly status: number }): boolean =>
  answer.status === 201 && /^(ts|tf)\.create\./.test(line.name);

/**
 * A port has one role with us, and the transcript uses some for both: in these lines the collector is a port of its own,
 * which shows under the other's name.
 */
export const standIns: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ts.create-minimal': { '<acme-port2>': '<acme-port2 as collector>' },
};

/** Bodies that the transcript abbreviates beyond recognition, as they were. */
export const rawBodies: Readonly<Record<string, () => string>> = {
  'ts.create.deep-nesting-5000': () => `{"tap_service": ${'['.repeat(5000)}${']'.repeat(5000)}}`,
  'ts.create.deep-nesting-200000': () => `{"tap_service": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
  'ts.create.big-int': () => `{"tap_service": {"port_id": "<acme-port1>", "name": ${'9'.repeat(5000)}}}`,
  'ts.create.oversized-1MiB': () => big(1 << 20),
  'ts.create.oversized-16MiB': () => big(1 << 24),
  'ts.create.oversized-110MiB': () => big(1 << 24),
};

const big = (bytes: number): string =>
  `{"tap_service": {"port_id": "<acme-port1>", "name": "big", "description": "${'x'.repeat(bytes)}"}}`;
