import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { networkOf, ProxyError, TrustedProxies } from './client-address.js';
import { Clients } from './clients.js';

const request = (remoteAddress: string, headers: Record<string, string> = {}, method = 'GET') =>
  ({ method, headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

describe('who a client is', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::10.0.0.1', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));

  it.each<[string, string, string | undefined, string]>([
    ['a stranger says', '192.0.2.9', '10.0.0.7', '192.0.2.9'],
    ['a proxy says', '10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['a proxy behind a proxy', '10.0.0.1', '198.51.100.1, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['what the client has put in front is not looked at', '::ffff:10.0.0.1', '1.1.1.1, 192.0.2.7', '192.0.2.7'],
    ['a proxy says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy says nonsense', '10.0.0.1', '192.0.2.7, unknown', '10.0.0.1'],
    ['all are proxies', '10.0.0.1', '10.0.0.9', '10.0.0.9'],
  ])('%s', (_what, peer, header, expected) => {
    const proxies = new TrustedProxies(['10.0.0.0/24']);
    expect(proxies.clientOf(request(peer, header === undefined ? {} : { 'x-forwarded-for': header }))).toBe(expected);
  });

  it.each(['', '10.0.0.0/33', '10.0.0.0/', 'haproxy', '::/129', '10.0.0.0/x'])('"%s" is no proxy', (entry) => {
    expect(() => new TrustedProxies([entry])).toThrow(ProxyError);
  });
});

describe('who is known', () => {
  const path = ['v2.0', 'networks'];
  const make = () => {
    let now = 0;
    const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
    const projectOf = (token: string) => (token === 'ours' ? 'acme' : null);
    const advance = (ms: number) => {
      now += ms;
    };
    return { clients: new Clients({ clock, projectOf }), advance };
  };
  const asked = request('192.0.2.1', { 'x-auth-token': 't' });

  it('nobody without a token, whatever is answered', () => {
    const { clients } = make();
    clients.learn(request('192.0.2.1'), path, 200);
    expect(clients.of(request('192.0.2.1'))).toEqual({ known: false, key: '192.0.2.1', network: '192.0.2.1' });
  });

  it('whom Keystone knows, by project', () => {
    const { clients } = make();
    expect(clients.of(request('192.0.2.1', { 'x-auth-token': 'ours' }))).toMatchObject({
      ...{ known: true, key: 'project acme' },
    });
  });

  it('whom Neutron has answered, for a while, and no longer after a 401', () => {
    const { clients, advance } = make();
    expect(clients.of(asked).known).toBe(false);
    clients.learn(asked, path, 200);
    expect(clients.of(asked).known).toBe(true);
    advance(300_000);
    expect(clients.of(asked).known).toBe(false);
    clients.learn(asked, path, 200);
    clients.learn(asked, path, 401);
    expect(clients.of(asked).known).toBe(false);
  });

  it.each<[string, readonly string[] | null, number, string]>([
    ['an error', path, 404, 'GET'],
    ['a document for everybody', [], 200, 'GET'],
    ['a preflight', path, 200, 'OPTIONS'],
    ['a path that is none', null, 200, 'GET'],
  ])('%s says nothing', (_what, parts, status, method) => {
    const { clients } = make();
    clients.learn(request('192.0.2.1', { 'x-auth-token': 't' }, method), parts, status);
    expect(clients.of(asked).known).toBe(false);
  });
});
