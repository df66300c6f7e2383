import type { Cloud } from '@taas/lab';
import { keys } from '@taas/model';
import { afterEach, expect, it, vi } from 'vitest';
import { startFastCloud } from '../scenarios/fast-cloud.js';
import type { LogLine } from '../scenarios/recording-logger.js';
import { uuid } from './stack.js';
import { statusOf, tapOf } from './tap-of-project.js';

// The control of 07-hostile-records: the same attack, in this process, on programs without the checks. The codec believes any
// text to be an address (the module that judges is replaced for this file), and with `endsPass` an agent contains nothing.
vi.mock('@taas/model/testing/node-address', async (original) => ({
  ...(await original<object>()),
  isIpAddress: () => true,
  tunnelAddressProblem: () => null,
  isSameAddress: (a: string, b: string) => a === b,
  addressSpelling: (a: string) => a,
}));

let cloud: Cloud;
let log: LogLine[] = [];
afterEach(() => cloud?.stop());

const unfinished = () =>
  log.filter(({ message, fields }) => message === 'a reconcile pass was not finished' && fields['program'] === 'node-b')
    .length;

/** Node node-evil says that its tunnels end at nothing, which the honest node-b is told. */
async function attack(endsPass?: (error: unknown) => boolean): Promise<void> {
  log = [];
  const nodes = ['node-a', 'node-b', 'node-evil'];
  cloud = await startFastCloud({ nodes, transport: 'vxlan', log, seams: endsPass ? { endsPass } : {} });
  await cloud.node('node-evil').agent.stop();
  for (const [node, port, project] of [
    ['node-a', uuid(1), 'acme'],
    ['node-b', uuid(2), 'acme'],
    ['node-evil', uuid(3), 'evil'],
    ['node-b', uuid(4), 'evil'],
  ] as const) {
    await cloud.bindings.bind(node, port, project);
    await cloud.node(node).switch.addPort({ id: port, bridgeDomain: project === 'acme' ? 20 : 30 });
  }
  const more = { physnets: [], capabilities: [], tunnel_address: 'garbage' };
  const said = { v: 1, node: 'node-evil', agent_version: '1', vpp_version: '26.06', ...more };
  await cloud.put(keys.agent('node-evil'), JSON.stringify(said));
  const evil = await tapOf(cloud, 'evil', { source: uuid(3), collector: uuid(4) });
  await cloud.until('node-b is told to receive from there', async () =>
    ((await cloud.store.get(keys.nodeResource('node-b', 'tap_services', evil.service)))?.value ?? '').includes(
      'garbage',
    ),
  );
}

it('without both checks no pass of the honest node is finished, and no tap of anybody is wired there', async () => {
  await attack(() => true);
  const before = unfinished();
  const acme = await tapOf(cloud, 'acme', { source: uuid(1), collector: uuid(2) });
  await cloud.until('pass after pass is not finished', async () => unfinished() > before + 20, 20_000);
  expect(await statusOf(cloud, acme)).not.toBe('ACTIVE');
});

it('with the second check alone, the neighbour lives', async () => {
  await attack();
  const acme = await tapOf(cloud, 'acme', { source: uuid(1), collector: uuid(2) });
  await cloud.until("acme's tap is ACTIVE", async () => (await statusOf(cloud, acme)) === 'ACTIVE', 20_000);
  await cloud.ask('DELETE', `tap_services/${acme.service}`, { project: 'acme' });
  await cloud.until(
    'and goes',
    async () => (await cloud.store.get(keys.nodeResource('node-b', 'tap_services', acme.service))) === undefined,
    20_000,
  );
  expect(unfinished()).toBe(0);
});
