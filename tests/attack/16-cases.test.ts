import type { Cloud } from '@taas/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProgramCloud } from '../scenarios/program-cloud.js';

// What users' clients do: ids as texts, and a POST at once after a DELETE, by whichever server the balancer chooses.

const node = 'node-a';
const uuid = (n: number) => `16161616-0000-4000-8000-${n.toString().padStart(12, '0')}`;
/** A Go client's request, as Terraform's provider sends it. */
const asGoSends = { mirror_type: 'gre', remote_ip: '198.51.100.7', directions: { IN: '101', OUT: '102' } };

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startProgramCloud([node]);
  for (let n = 1; n <= 3; n++) await cloud.addPort(node, { id: uuid(n), bridgeDomain: 100 + n }, 'project-a');
  // No mirror is made while a server does not know which addresses are the cloud's own.
  for (const server of [0, 1])
    await cloud.until('the server knows the addresses of nodes', async () => {
      const { status, json } = await mirror(server);
      if (status === 201) await call(server, 'DELETE', `tap_mirrors/${(json['tap_mirror'] as unknown as Made).id}`);
      return status === 201;
    });
});
afterAll(() => cloud?.stop());

async function call(server: number, method: string, path: string, body?: object) {
  const answer = await fetch(`${cloud.server(server).url}/v2.0/taas/${path}`, {
    method,
    headers: { 'x-project-id': 'project-a' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, never> };
}
const mirror = (server: number, port = 1) =>
  call(server, 'POST', 'tap_mirrors', { tap_mirror: { name: 'm', port_id: uuid(port), ...asGoSends } });
type Made = { readonly id: string; readonly directions: object };

/** Resolves when a node has been told of the tap, so that its DELETE leaves something behind. */
async function published(kind: 'tap_mirrors' | 'tap_services' | 'tap_flows', id: string): Promise<void> {
  const key = `/networking-vpp/nodes/${node}/taas/${kind}/${id}`;
  await cloud.until(`the node is told of ${id}`, async () => (await cloud.store.get(key)) !== undefined);
}

it('a mirror is applied, read back unchanged, and replaced twenty times over, by both servers', async () => {
  for (let round = 0; round < 20; round++) {
    const { status, json } = await mirror(round % 2);
    expect([round, status, json]).toMatchObject([round, 201, { tap_mirror: { directions: asGoSends.directions } }]);
    const { id } = json['tap_mirror'] as unknown as Made;
    const shown = (await call((round + 1) % 2, 'GET', `tap_mirrors/${id}`)).json['tap_mirror'] as unknown as Made;
    expect(shown.directions).toEqual(asGoSends.directions);
    // Half of them while the node is being told, half after.
    if (round % 4 < 2) await published('tap_mirrors', id);
    expect((await call(round % 3 ? 0 : 1, 'DELETE', `tap_mirrors/${id}`)).status).toBe(204);
  }
});

it("a port's role is changed back and forth", async () => {
  for (let round = 0; round < 6; round++) {
    const service = await call(round % 2, 'POST', 'tap_services', { tap_service: { port_id: uuid(2) } });
    expect(service.status).toBe(201);
    const { id } = service.json['tap_service'] as unknown as Made;
    await published('tap_services', id);
    await call(0, 'DELETE', `tap_services/${id}`);
    const copied = await mirror((round + 1) % 2, 2);
    expect([round, copied.status]).toEqual([round, 201]);
    const { id: second } = copied.json['tap_mirror'] as unknown as Made;
    await published('tap_mirrors', second);
    await call(1, 'DELETE', `tap_mirrors/${second}`);
  }
});

it('CONTROL: with a node that does not answer the same POST is refused, and told why', async () => {
  const first = await mirror(0, 3);
  const { id } = first.json['tap_mirror'] as unknown as Made;
  await published('tap_mirrors', id);
  cloud.node(node).agent.process.freeze();
  try {
    await call(0, 'DELETE', `tap_mirrors/${id}`);
    const refused = await mirror(1, 3);
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.json)).toContain('its node has not confirmed yet that it is gone');
    expect(JSON.stringify(refused.json)).not.toContain('already exists');
  } finally {
    cloud.node(node).agent.process.thaw();
  }
  await cloud.until('the id is free again', async () => (await mirror(0, 3)).status === 201);
});
