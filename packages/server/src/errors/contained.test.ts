import { silentLogger } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auditLine } from '../audit/audit-file.js';
import { isoTime } from '../http/iso-time.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { Underlay } from '../view/underlay.js';
import { Contained } from './contained.js';

const flows = '/v2.0/taas/tap_flows';
const services = '/v2.0/taas/tap_services';

describe('what fails for one tap', () => {
  let cloud: TestCloud;
  let server: Replica;
  const logger = { ...silentLogger, error: vi.fn() };
  beforeEach(async () => {
    cloud = new TestCloud();
    server = await cloud.replica({ contained: new Contained(logger) });
  });
  afterEach(() => cloud.stop());

  async function tap(collector: number, source: number): Promise<string> {
    const made = await server.request('POST', services, { tap_service: { port_id: portId(collector) } });
    const tap_flow = { tap_service_id: made.body.tap_service.id, source_port: portId(source), direction: 'IN' };
    return (await server.request('POST', flows, { tap_flow })).body.tap_flow.id;
  }

  it('is said of it in a list, logged once, and counted; the others are shown as ever', async () => {
    const [odd, good] = [await tap(1, 2), await tap(3, 4)];
    await cloud.caughtUp();
    const record = server.live.view.flows.get(odd)?.record;
    if (!record) throw new Error('no record');
    // What nobody has thought of: working out where the port is bound throws.
    const places = server.live.view.places;
    const of = places.of.bind(places);
    vi.spyOn(places, 'of').mockImplementation((port) => {
      if (port === record.source_port || port === portId(1)) throw new Error('nobody has thought of this');
      return of(port);
    });
    // The view looks again at what an event touches.
    await cloud.bind('n1', record.source_port, acme);
    await cloud.caughtUp();
    for (const query of ['', '?status=ERROR', '?sort_key=status&sort_dir=asc']) {
      const { status, body } = await server.request('GET', flows + query);
      expect(status).toBe(200);
      const shown = new Map<string, string>([...body.tap_flows].map((each) => [each.id, each.status]));
      expect(shown.get(odd)).toBe('ERROR');
      if (query !== '?status=ERROR') expect(shown.get(good)).toMatch(/^(DOWN|PENDING_CREATE)$/);
    }
    const one = await server.request('GET', `${flows}/${odd}`);
    expect(one.body.tap_flow).toMatchObject({ status: 'ERROR', status_reason: expect.stringMatching(/worked out/) });
    expect((await server.request('GET', `${flows}/${good}`)).body.tap_flow.status).not.toBe('ERROR');
    expect(logger.error.mock.calls.filter(([{ party }]) => party === `the status of ${odd}`)).toHaveLength(1);
  });

  it('a time that no Date can be is shown as the last one; (control) a Date throws', () => {
    expect(() => new Date(9e15).toISOString()).toThrow(RangeError);
    expect(isoTime(9e15)).toBe(isoTime(8.64e15));
  });
});

it('a time that is none and a name with any character are one line of the audit trail', () => {
  const name = 'a\nb\u2028c\u0085d\u202e';
  const none = { user_id: null, project_id: null, request_id: null, detail: name } as const;
  const tap = { kind: 'tap_flows', id: 'x', name, project_id: acme } as const;
  const line = auditLine({ id: '1', revision: 1, event: 'created', at: 9e15, ...none, tap });
  expect(line.trimEnd().split(/[\n\u0085\u2028]/)).toHaveLength(1);
  expect(JSON.parse(line)).toMatchObject({ detail: name, tap: { name } });
});

describe('a tunnel address that several nodes report', () => {
  it('is told of, in whatever spelling, until one is left', () => {
    const underlay = new Underlay();
    for (const [node, address] of [
      ['b', 'fd00::1'],
      ['a', 'FD00:0::1'],
      ['c', '10.0.0.1'],
    ] as const)
      underlay.setLive(node, address);
    expect(underlay.contested).toEqual([{ address: 'fd00::1', nodes: ['a', 'b'] }]);
    underlay.setLive('a', null);
    expect(underlay.contested).toEqual([]);
  });

  it('is logged once, and nobody is refused for it', async () => {
    const logger = { ...silentLogger, error: vi.fn(), info: vi.fn() };
    const cloud = new TestCloud();
    try {
      await cloud.replica({ logger });
      await cloud.agent('n1', { tunnel_address: '10.0.0.1' });
      for (const vpp_version of ['1', '2']) await cloud.agent('n2', { tunnel_address: '10.0.0.1', vpp_version });
      await cloud.caughtUp();
      const said = logger.error.mock.calls.map(([fields]) => fields);
      expect(said).toEqual([{ address: '10.0.0.1', nodes: 'n1, n2' }]);
      await cloud.agent('n2', { tunnel_address: '10.0.0.2' });
      await cloud.caughtUp();
      expect(logger.info.mock.calls.map(([fields]) => fields)).toContainEqual({ address: '10.0.0.1' });
    } finally {
      await cloud.stop();
    }
  });
});
