import { expect, it } from 'vitest';
import { type Answering, development, RecordingHost, sendTo, taas } from '../testing/recording-host.suite.js';
import { sleepingClock } from '../testing/sleeping-clock.suite.js';
import { etcdFacts } from './probe.js';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const state = { status: 'ACTIVE', status_code: 'ok', status_reason: '' };
const service = { id: id(99), name: 'ids', ...state };
const flows = Array.from({ length: 20 }, (_, n) => ({
  ...{ id: id(n), name: `flow ${n}`, tap_service_id: id(99), direction: 'IN' },
  ...state,
}));
const figures = { stages: [{ stage: 'seen', direction: 'IN', packets: 5 }] };

/** An API with twenty flows, which notes how many requests for statistics it has at a time. */
function busyApi(refusals = 0, later = '3') {
  let [now, most, asked, refused] = [0, 0, 0, 0];
  const answering: Answering = ({ path }) => {
    if (path.endsWith('/statistics')) {
      if (refused < refusals) {
        refused += 1;
        return { status: 429, headers: { 'retry-after': later }, json: {} };
      }
      return { json: { statistics: figures } };
    }
    if (path.includes('/tap_services/')) return { json: { tap_service: service } };
    if (path.includes('/tap_services')) return { json: { tap_services: [service] } };
    if (path.includes('/tap_flows')) return { json: { tap_flows: flows } };
    return path.includes('/tap_mirrors') ? { json: { tap_mirrors: [] } } : { status: 404, json: {} };
  };
  const inner = sendTo(answering);
  const send: typeof inner = async (request) => {
    if (!request.url.endsWith('/statistics')) return inner(request);
    now += 1;
    asked += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return inner(request);
  };
  return { send, seen: () => ({ most, asked }) };
}

async function run(api: ReturnType<typeof busyApi>, ...words: string[]) {
  const ran = await taas({ env: development, send: api.send, clock: sleepingClock() }, ...words);
  return { ...ran, ...api.seen() };
}

it('doctor asks for eight statistics at a time, and for all', async () => {
  expect(await run(busyApi(), 'doctor')).toMatchObject({ most: 8, asked: 21 });
});

it('trace --live of a service asks for eight statistics at a time, and Node has nothing to warn of', async () => {
  const warnings: string[] = [];
  const warn = ({ name }: Error) => void warnings.push(name);
  process.on('warning', warn);
  const { most, asked, out, code } = await run(busyApi(), 'trace', 'ids', '--live=1');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warn);
  expect(warnings).toEqual([]);
  expect({ code, most, asked }).toEqual({ code: 0, most: 8, asked: 40 });
  expect(out).toContain('0 packets');
});

it('a server that has too much to do is asked once more, when it says', async () => {
  const once = await run(busyApi(1), 'stats', id(99), '--kind', 'service');
  expect(once).toMatchObject({ code: 0, asked: 2 });
  expect(await run(busyApi(2), 'stats', id(99), '--kind', 'service')).toMatchObject({ code: 8, asked: 2 });
  for (const never of ['86400', 'Sun, 29 Nov 2026 12:00:00 GMT', '-1'])
    expect(await run(busyApi(1, never), 'stats', id(99), '--kind', 'service')).toMatchObject({ code: 8, asked: 1 });
});

it("an error of etcd's gateway is no word about alarms", async () => {
  const alarms = async (status: number, json: object) => {
    const send = sendTo(({ path }) => (path === '/v3/maintenance/alarm' ? { status, json } : { status: 404 }));
    return (await etcdFacts(new RecordingHost({ send }), 'http://etcd:2379', {})).alarms;
  };
  expect(await alarms(503, { error: 'context deadline exceeded', code: 14 })).toMatchObject({ known: false });
  expect(await alarms(200, { header: {} })).toEqual({ known: true, value: [] });
  expect(await alarms(200, { alarms: [{ alarm: 'NOSPACE' }] })).toEqual({ known: true, value: ['NOSPACE'] });
});

it('doctor looks at where the password goes', async () => {
  const login = { status: 201, headers: { 'x-subject-token': 't' }, json: { token: { expires_at: '2100-01-01' } } };
  const send = sendTo(({ method }) => (method === 'POST' ? login : { status: 404, json: {} }));
  const env = {
    ...{ OS_USERNAME: 'alice', OS_PASSWORD: 'x', OS_PROJECT_ID: 'p' },
    ...{ OS_AUTH_URL: 'http://keystone.example', OS_NETWORK_ENDPOINT_OVERRIDE: 'https://network.example' },
  };
  const { out } = await taas({ env, send, clock: sleepingClock() }, 'doctor');
  expect(out).toMatch(/TAAS-D005 {2}PROBLEM .*\n {4}http:\/\/keystone\.example: the password is sent by plain http/);
});
