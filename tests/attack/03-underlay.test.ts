import type { TokenPort } from '@taas/lab';
import { agentCodec, keys, nodeTapMirrorCodec, prefixes } from '@taas/model';
import { remoteAddressPolicy, usualRemoteAddresses } from '@taas/server/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

// Item 3: a tenant has copies sent to the cloud's own tunnel addresses while the agents are silent.

const [node, other, outside] = ['192.0.2.11', '198.51.100.12', '203.0.113.9'];
const mirrors = '/v2.0/taas/tap_mirrors';

describe("the cloud's own tunnel addresses", () => {
  let stack: Stack;
  let tunnel = 0;
  const ports = new Map<string, TokenPort>([1, 2, 3].map((n) => [uuid(n), { project: 'a', host: 'node-1' }]));

  beforeAll(async () => {
    stack = await Stack.start({ ports });
  });
  afterAll(() => stack.stop());

  const create = (address: string) => {
    tunnel += 1;
    const body = { port_id: uuid(1), mirror_type: 'gre', remote_ip: address, directions: { IN: tunnel } };
    return stack.call('tok-a-member', 'POST', mirrors, { tap_mirror: body });
  };
  const agent = (name: string, address: string) => {
    const common = {
      v: 1,
      node: name,
      agent_version: '0',
      vpp_version: '26.06',
    } as const;
    return stack.put(
      keys.agent(name),
      agentCodec.format({ ...common, tunnel_address: address, physnets: [], capabilities: [] }),
    );
  };
  /** As when its lease ends. */
  const silence = (name: string) =>
    stack.store.transact({ compare: [], operations: [{ kind: 'delete', key: keys.agent(name) }] });
  const recorded = (name: string, address: string) =>
    stack.until(
      `${address} is recorded`,
      async () => (await stack.store.get(keys.underlay(name)))?.value.includes(address) === true,
    );

  it('are not known at the start, so that no mirror is let in, and the reason is told', async () => {
    const { status, text } = await create(outside);
    expect(status).toBe(503);
    expect(text).toContain("which addresses are the cloud's own is not known at the moment");
  });

  it('stay known when the agents are silent, and right after a start', async () => {
    await agent('node-1', node);
    await recorded('node-1', node);
    await silence('node-1');
    await stack.until('the server knows that the agent is silent', async () => (await create(outside)).status === 201);
    expect((await create(node)).status).toBe(400);
    await stack.server(0).process.stop('SIGKILL');
    const started = stack.server(0).process.start();
    const statuses = new Set<number>();
    await stack.until('it answers from its view', async () => {
      const status = await create(node).then(
        (answer) => answer.status,
        () => 0,
      );
      statuses.add(status);
      return status === 400;
    });
    await started;
    expect(statuses).not.toContain(201);
  });

  it('are refused in every IPv6 form, around the address, and whatever leads nobody knows where', async () => {
    const forms = [
      '::ffff:192.0.2.11',
      '::192.0.2.11',
      '64:ff9b::192.0.2.11',
      '64:ff9b:1::192.0.2.11',
      '2002:c000:20b::1',
    ];
    const local = [
      'fec0::1',
      '2001:db9::5efe:192.0.2.11',
      '2001:0:c000:20b::1',
      '192.0.2.200',
      '127.0.0.1',
      '64:ff9b::127.0.0.1',
    ];
    for (const address of [...forms, ...local])
      expect([address, (await create(address)).status]).toEqual([address, 400]);
  });

  it('would be open to a tenant if only live agents counted: the control', async () => {
    const naive = remoteAddressPolicy(usualRemoteAddresses);
    const live = { recorded: [], unrecorded: ['198.51.100.99'], unreadable: null };
    expect(naive.judge(node, live)).toEqual({ is: 'allowed' });
    // On the server: an operator takes the record away, and the address is one like others.
    await stack.store.transact({ compare: [], operations: [{ kind: 'delete', key: keys.underlay('node-1') }] });
    await agent('node-9', '198.51.100.99');
    await recorded('node-9', '198.51.100.99');
    await stack.until('the address is let in', async () => (await create(node)).status === 201);
  });

  it('that become known later take mirrors to them off their node, and the tenant is told', async () => {
    const published = async (id: string) => {
      const entry = await stack.store.get(keys.nodeResource('node-1', 'tap_mirrors', id));
      return entry && nodeTapMirrorCodec.parse(entry.key, entry.value);
    };
    const all = (await stack.store.list(prefixes.tapMirrors)).entries;
    const [mirror] = all.filter(({ value }) => value.includes(`"${node}"`));
    const [good] = all.filter(({ value }) => value.includes(`"${outside}"`));
    const idOf = (key = '') => key.slice(prefixes.tapMirrors.length);
    // Another tunnel address of the mirror's node, so that copies can be sent, and to the address of the attack.
    await agent('node-1', other);
    await stack.until('node-1 is told', async () => (await published(idOf(mirror?.key)))?.remote === node);
    await agent('node-2', node);
    await stack.until('node-1 is to take it away', async () => (await published(idOf(mirror?.key)))?.removed === true);
    const shown = await stack.call('tok-a-member', 'GET', `${mirrors}/${idOf(mirror?.key)}`);
    expect(shown.json?.['tap_mirror']).toMatchObject({
      status: 'ERROR',
      status_reason: `copies cannot be sent to remote_ip: '${node}' is not allowed`,
    });
    // The neighbour's goes on.
    expect((await published(idOf(good?.key)))?.removed).toBeUndefined();
  });
});
