import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { PythonSources } from './lab/python-sources.js';
import type { TaasFront } from './taas-front.js';

const story = new URL('./lab/sdk-story.py', import.meta.url).pathname;

/** OpenStack's client and SDK as they are developed: other programs than Debian 12's, with commands for taps of their own. */
export function describeNewestClients(
  cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront },
  folder = process.env['OPENSTACK_SOURCES'],
): void {
  const missing = PythonSources.missing(folder);
  if (missing !== null || folder === undefined) {
    it.skip(`OpenStack's newest client and SDK: ${missing}`, () => undefined);
    return;
  }
  describe("OpenStack's newest client and SDK", () => {
    let sources: PythonSources;
    const port = (name: string): string => cloud().lab.networks.ports[name] ?? `no such port: ${name}`;

    beforeAll(async () => {
      sources = await PythonSources.prepare(folder, cloud().lab.directory);
      console.log(sources.versions.join(', '));
    });

    const must = async (...argv: string[]): Promise<string> => {
      const { code, stdout, stderr } = await sources.openstack(cloud().lab.environment('alice'), ...argv);
      expect([argv.join(' '), code, code === 0 ? '' : stderr]).toEqual([argv.join(' '), 0, '']);
      return stdout;
    };
    const json = async <T>(...argv: string[]): Promise<T> => JSON.parse(await must(...argv, '-f', 'json')) as T;
    type Shown = Readonly<Record<string, unknown>>;

    it('the client makes, shows, lists, changes and deletes taps of each kind', async () => {
      const service = await json<Shown>(
        'tap',
        'service',
        'create',
        '--name',
        'new-probe',
        '--port',
        port('acme-port4'),
      );
      expect(service).toMatchObject({ name: 'new-probe', port_id: port('acme-port4') });
      const source = ['--port', port('acme-port5'), '--tap-service', 'new-probe'];
      const filter = ['--vlan-filter', '10,20-22'];
      const flow = await json<Shown>(
        'tap',
        'flow',
        'create',
        '--name',
        'new-flow',
        ...source,
        '--direction',
        'BOTH',
        ...filter,
      );
      expect(flow).toMatchObject({ name: 'new-flow', source_port: port('acme-port5'), direction: 'BOTH' });
      const tunnel = ['--directions', 'IN=4243', '--remote-ip', '192.0.2.8', '--mirror-type', 'gre'];
      const mirror = await json<Shown>(
        'tap',
        'mirror',
        'create',
        '--name',
        'new-mirror',
        '--port',
        port('acme-port5'),
        ...tunnel,
      );
      expect(mirror).toMatchObject({ name: 'new-mirror', mirror_type: 'gre' });
      for (const [kind, { id }] of [
        ['service', service],
        ['flow', flow],
        ['mirror', mirror],
      ] as const) {
        const listed = await json<readonly Shown[]>('tap', kind, 'list');
        expect(listed.filter((each) => each['ID'] === id)).toHaveLength(1);
        await must('tap', kind, 'update', '--name', `renamed-${kind}`, `new-${kind === 'service' ? 'probe' : kind}`);
        expect(await json('tap', kind, 'show', `renamed-${kind}`)).toMatchObject({ name: `renamed-${kind}` });
      }
      for (const kind of ['mirror', 'flow', 'service']) await must('tap', kind, 'delete', `renamed-${kind}`);
      for (const kind of ['mirror', 'flow', 'service'])
        await vi.waitFor(
          async () => expect((await must('tap', kind, 'list')).includes(`renamed-${kind}`)).toBe(false),
          { timeout: 60_000, interval: 500 },
        );
    });

    it('the SDK does, and keeps what it does not know', async () => {
      const { code, stdout, stderr } = await sources.python(
        cloud().lab.environment('alice'),
        ...[story, port('acme-port5'), port('acme-port4')],
      );
      expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
      const said = JSON.parse(stdout);
      expect(said).toMatchObject({
        service: { port_id: port('acme-port4') },
        flow: { source_port: port('acme-port5'), direction: 'BOTH', status_code: expect.any(String) },
        mirror: { directions: { IN: 4242 }, remote_ip: '192.0.2.7', mirror_type: 'gre' },
        renamed: 'renamed',
      });
      expect(said.listed).toEqual([said.flow.id]);
      expect(said.refused).toContain('SIDEWAYS');
    });
  });
}
