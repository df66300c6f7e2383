import { findTap } from '../api/find-tap.js';
import { type Kind, kindNames, type Tap, textOf } from '../api/kinds.js';
import { statisticsOf, type TapStatistics } from '../api/statistics.js';
import { isObject } from '../api/taas-api.js';
import type { Context } from '../commands/context.js';
import { CliError } from '../exit-codes.js';
import type { Trust } from '../host/http.js';
import { version } from '../version.js';
import type { DoctorFacts, Meeting } from './facts.js';
import { type Seen, seen, unseen } from './finding.js';
import { etcdFacts, meet, programFacts } from './probe.js';

export interface DoctorTargets {
  /** A tap by name or id; null: all of the caller. */
  readonly tap: string | null;
  readonly node: string | null;
  readonly servers: readonly string[];
  readonly agents: readonly string[];
  readonly etcd: readonly string[];
  readonly etcdTrust: Trust;
}

/** Figures are asked for of so many taps at most: each keeps an agent counting for half a minute. */
const mostStatistics = 50;

/**
 * Reads all that the checks look at; changes nothing. What cannot be had is a fact, too.
 * @throws CliError not_found, ambiguous of the one tap that is asked about
 */
export async function gather(context: Context, targets: DoctorTargets): Promise<DoctorFacts> {
  const { host } = context;
  const programs = (urls: readonly string[]) => Promise.all(urls.map((url) => programFacts(host, url)));
  const [api, servers, agents, etcd] = await Promise.all([
    apiFacts(context, targets.tap),
    programs(targets.servers),
    programs(targets.agents),
    Promise.all(targets.etcd.map((url) => etcdFacts(host, url, targets.etcdTrust))),
  ]);
  return { ...api, ...{ servers, agents, etcd, version, now: host.clock.now(), node: targets.node } };
}

async function apiFacts(context: Context, named: string | null) {
  const { api, session, host } = context;
  const taps = await attempt(() => tapsOf(context, named));
  const meeting = await attempt<Meeting>(async () =>
    known(await meet(host, `${await session.endpoint()}/`, session.config.trust)),
  );
  const authUrl = await attempt(async () => {
    const { authType, auth, from } = session.config;
    if (authType === 'none' || authType === 'admin_token') return null;
    const { auth_url: url } = auth;
    if (url === undefined) throw new CliError('unauthenticated', `${from} says no auth_url`);
    return url;
  });
  const keystone =
    authUrl.known && authUrl.value === null
      ? null
      : await attempt<Meeting>(async () => {
          if (!authUrl.known) throw new CliError('unreachable', authUrl.why);
          return known(await meet(host, authUrl.value ?? '', session.config.trust));
        });
  const extensions = await attempt(async () => {
    const { extensions: list } = await api.get('/v2.0/extensions');
    if (!Array.isArray(list)) throw new CliError('failed', 'the answer has no list of extensions');
    return list.flatMap((each) => (isObject(each) ? [String(each['alias'])] : []));
  });
  const quota = await attempt(() => quotaOf(context, taps));
  const statistics = new Map<string, Seen<TapStatistics>>();
  const asked = taps.known
    ? taps.value.filter((tap) => textOf(tap, 'status') === 'ACTIVE').slice(0, mostStatistics)
    : [];
  await Promise.all(
    asked.map(
      async ({ kind, id }) =>
        void statistics.set(id, await attempt(async () => (await statisticsOf(api, kind, id)).figures)),
    ),
  );
  return { taps, api: meeting, authUrl, keystone, extensions, quota, statistics };
}

/** All taps; or one with those that it cannot be without: a flow with its service, a service with its flows. */
async function tapsOf({ api }: Context, named: string | null): Promise<Tap[]> {
  if (named === null) return (await Promise.all(kindNames.map((kind) => api.list(kind)))).flat();
  const tap = await findTap(api, named);
  if (tap.kind === 'mirror') return [tap];
  if (tap.kind === 'service') return [tap, ...(await api.list('flow', { tap_service_id: tap.id }))];
  const service = await api.find('service', textOf(tap, 'tap_service_id'));
  return service === null ? [tap] : [service, tap];
}

async function quotaOf({ api, session }: Context, taps: Seen<readonly Tap[]>) {
  const project = (await session.projectId()) ?? (taps.known ? textOf(taps.value[0] ?? nobody, 'project_id') : '');
  if (project === '') throw new CliError('failed', 'the project of the caller is not known');
  const { quota } = await api.get(`/v2.0/quotas/${encodeURIComponent(project)}/details`);
  const ours = ['tap_service', 'tap_flow', 'tap_mirror'].flatMap((name) => {
    const one = isObject(quota) ? quota[name] : undefined;
    if (!isObject(one) || typeof one['limit'] !== 'number' || typeof one['used'] !== 'number') return [];
    return [[name, { limit: one['limit'], used: one['used'] }] as const];
  });
  if (ours.length === 0) throw new CliError('failed', 'the quota says nothing of taps');
  return Object.fromEntries(ours);
}

const nobody: Tap = { kind: 'service' satisfies Kind, id: '', attributes: {} };

function known<T>(value: Seen<T>): T {
  if (!value.known) throw new CliError('unreachable', value.why);
  return value.value;
}

/** What cannot be had is told; what the caller has named wrongly ends the command. */
async function attempt<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await ask());
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.outcome === 'ambiguous' || error.outcome === 'usage' || isOfName(error)) throw error;
    return unseen(error.message);
  }
}

const isOfName = ({ outcome, message }: CliError) => outcome === 'not_found' && message.includes('has the name or id');
