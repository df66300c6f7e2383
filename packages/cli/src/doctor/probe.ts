import { isObject } from '../api/taas-api.js';
import type { Host } from '../host/host.js';
import { type HttpAnswer, type Trust, UnreachableError } from '../host/http.js';
import type { EtcdFacts, Meeting, ProgramFacts } from './facts.js';
import { type Seen, seen, unseen } from './finding.js';
import { readMetrics, type Samples } from './prometheus.js';

const timeoutMs = 5_000;
/** Between the two polls that show whether a queue becomes shorter. */
const betweenMs = 1_000;

interface Probed {
  readonly answer: HttpAnswer;
  readonly sent: number;
  readonly received: number;
}

async function probe(host: Host, url: string, trust: Trust, body?: string): Promise<Seen<Probed>> {
  const sent = host.clock.now();
  try {
    const method = body === undefined ? 'GET' : 'POST';
    const more = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
    const answer = await host.send({ method, url, trust, timeoutMs, signal: host.signal, ...more });
    return seen({ answer, sent, received: host.clock.now() });
  } catch (error) {
    if (error instanceof UnreachableError) return unseen(error.message);
    throw error;
  }
}

/** Any answer will do. */
export async function meet(host: Host, url: string, trust: Trust = {}): Promise<Seen<Meeting>> {
  return meetingOf(url, await probe(host, url, trust));
}

function meetingOf(url: string, probed: Seen<Probed>): Seen<Meeting> {
  if (!probed.known) return probed;
  const { answer, sent, received } = probed.value;
  const theirTime = Date.parse(answer.headers['date'] ?? '');
  const certificateEnds = answer.certificateEnds ?? null;
  return seen({ url, theirTime: Number.isNaN(theirTime) ? null : theirTime, sent, received, certificateEnds });
}

/** What a server or an agent says on its health port. */
export async function programFacts(host: Host, base: string): Promise<ProgramFacts> {
  const url = base.replace(/\/+$/, '').replace(/\/(readyz|healthz|metrics)$/, '');
  const readyz = await probe(host, `${url}/readyz`, {});
  const metrics = await scrape(host, url);
  await host.clock.sleep(betweenMs, host.signal);
  // What a program finds out in the background it begins with when it is asked, and says when it is asked again.
  const again = await probe(host, `${url}/readyz`, {});
  return {
    url,
    meeting: meetingOf(url, readyz),
    ready: objectOf(again, 'readyz'),
    metrics,
    later: await scrape(host, url),
  };
}

async function scrape(host: Host, url: string): Promise<Seen<Samples>> {
  const probed = await probe(host, `${url}/metrics`, {});
  if (!probed.known) return probed;
  const { status, body } = probed.value.answer;
  return status === 200 ? seen(readMetrics(body)) : unseen(`/metrics is answered with ${status}`);
}

/** /readyz is 503 with the same document while something is wrong. */
function objectOf(
  probed: Seen<Probed>,
  what: string,
  statuses: readonly number[] = [200, 503],
): Seen<Readonly<Record<string, unknown>>> {
  if (!probed.known) return probed;
  const { status, body } = probed.value.answer;
  try {
    const value: unknown = JSON.parse(body);
    if (isObject(value) && statuses.includes(status)) return seen(value);
  } catch {
    // Told below.
  }
  return unseen(`/${what} is answered with ${status} and not as a program of ours does; is it the health port?`);
}

/** A member of etcd, by the HTTP that every etcd serves beside gRPC. */
export async function etcdFacts(host: Host, base: string, trust: Trust): Promise<EtcdFacts> {
  const url = base.replace(/\/+$/, '');
  const [health, version, alarm, keys, login, stranger, auth] = await Promise.all([
    probe(host, `${url}/health`, trust),
    probe(host, `${url}/version`, trust),
    probe(host, `${url}/v3/maintenance/alarm`, trust, '{"action":"GET"}'),
    probe(host, `${url}/v2/keys/`, trust),
    probe(host, `${url}/v3/auth/authenticate`, trust, nobody),
    probe(host, `${url}${strangersPath}`, trust),
    probe(host, `${url}/v2/auth/enable`, trust),
  ]);
  return {
    url,
    meeting: meetingOf(url, health),
    health: map(objectOf(health, 'health'), ({ health: is }) => (is === undefined ? null : String(is) === 'true')),
    version: map(objectOf(version, 'version', [200]), ({ etcdserver }) =>
      typeof etcdserver === 'string' ? etcdserver : null,
    ),
    alarms: map(objectOf(alarm, 'v3/maintenance/alarm', [200]), ({ alarms = [] }) =>
      Array.isArray(alarms) ? alarms.map((each) => (isObject(each) ? String(each['alarm']) : String(each))) : null,
    ),
    v2: v2Of(keys),
    asksV3: asksV3Of(login),
    asksV2: asksV2Of(keys, stranger, auth, trust.cert !== undefined),
  };
}

/** A user that there is not: an etcd with authentication says that the login is wrong, one without that there is none. */
const nobody = JSON.stringify({ name: 'taas-is-authentication-on', password: '-' });

function asksV3Of(probed: Seen<Probed>): Seen<boolean> {
  if (!probed.known) return probed;
  const { status, body } = probed.value.answer;
  if (/authentication is not enabled/.test(body)) return seen(false);
  if (/authentication failed|invalid user/.test(body)) return seen(true);
  return unseen(`/v3/auth/authenticate is answered with ${status}`);
}

/**
 * The v2 API has users of its own, and a guest who may do everything until that is taken from him: it asks if it refuses a stranger
 * networking-vpp's keys. With a certificate we are no stranger, and only a no is certain.
 */
function asksV2Of(
  keys: Seen<Probed>,
  stranger: Seen<Probed>,
  auth: Seen<Probed>,
  isKnown: boolean,
): Seen<boolean | null> {
  const served = v2Of(keys);
  if (!served.known) return served;
  if (!served.value) return seen(null);
  if (!stranger.known) return stranger;
  const { status } = stranger.value.answer;
  if (status === 401 || status === 403) return seen(true);
  if (!isKnown)
    return status === 200 || status === 404 ? seen(false) : unseen(`${strangersPath} is answered with ${status}`);
  if (!auth.known) return auth;
  const [, enabled] = /"enabled"\s*:\s*(true|false)/.exec(auth.value.answer.body) ?? [];
  if (enabled === undefined) return unseen(`/v2/auth/enable is answered with ${auth.value.answer.status}`);
  // The guest keeps all rights when authentication is turned on, and with our certificate nobody sees what a guest may.
  return enabled === 'true'
    ? unseen('authentication of v2 is on, and what its role guest may is not seen')
    : seen(false);
}

const strangersPath = '/v2/keys/networking-vpp/nodes/';

/** With v2 a folder or a refusal in its own words; without, a plain 404. */
function v2Of(probed: Seen<Probed>): Seen<boolean> {
  if (!probed.known) return probed;
  const { status, body } = probed.value.answer;
  const isV2 = /"(action|errorCode)"/.test(body) || /Insufficient credentials/.test(body);
  if (isV2) return seen(true);
  return status === 404 ? seen(false) : unseen(`/v2/keys/ is answered with ${status}`);
}

function map<T, U>(value: Seen<T>, read: (value: T) => U | null): Seen<U> {
  if (!value.known) return value;
  const found = read(value.value);
  return found === null ? unseen('etcd answers in a way that is not known') : seen(found);
}
