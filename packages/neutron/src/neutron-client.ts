import type { ServiceTokenSource } from '@taas/keystone';
import { type HttpResponse, type Upstream, UpstreamUnavailableError } from '@taas/upstream';
import { type Absence, AbsenceCheck } from './absence-check.js';
import { type NeutronNetwork, parseNetworkPage, parseSegmentRanges, type SegmentRange } from './network.js';
import { networksPath, segmentRangesPath } from './network-query.js';
import { NeutronUnauthorizedError, NeutronUnavailableError, neutronUnavailable } from './neutron-error.js';
import { type NeutronPort, parsePort, parsePortPage, saysPortNotFound } from './port.js';
import { batchesOfIds, isPortId, type PortQuery, portPath, portsPath } from './port-query.js';

/** What Neutron said about a set of ports. Every id asked for is in exactly one of the three. */
export interface PortsView {
  readonly found: ReadonlyMap<string, NeutronPort>;
  /** Neutron answered without them: gone, or not shown to our service user. */
  readonly absent: ReadonlySet<string>;
  /** Nothing is known of them, since their request failed. */
  readonly unanswered: ReadonlySet<string>;
  /** Why, for one of them. */
  readonly failure: UpstreamUnavailableError | null;
}

/**
 * Neutron's ports, by the caller's token or by that of our service user. What fails because Neutron does not answer is a
 * NeutronUnavailableError; because no service token can be had, a KeystoneUnavailableError: both an
 * UpstreamUnavailableError.
 */
export interface NeutronClient {
  /**
   * The port as the caller sees it: null if there is none, or none that Neutron shows to that token.
   * @throws NeutronUnauthorizedError, NeutronUnavailableError; the signal's reason
   */
  portAsCaller(portId: string, token: string, signal: AbortSignal): Promise<NeutronPort | null>;
  /**
   * The project's ports as the caller sees them; of many, the first `limit`.
   * @throws as {@link portAsCaller}
   */
  portsAsCaller(project: string, token: string, limit: number, signal: AbortSignal): Promise<readonly NeutronPort[]>;
  /** The port as our service user sees it, with its binding. @throws UpstreamUnavailableError; the signal's reason */
  portAsService(portId: string, signal: AbortSignal): Promise<NeutronPort | null>;
  /** Many ports by few requests, one after the other. Fails in part only; throws the signal's reason alone. */
  portsAsService(portIds: Iterable<string>, signal: AbortSignal): Promise<PortsView>;
  /** All ports bound on the hosts. @throws UpstreamUnavailableError; the signal's reason */
  portsOfHosts(hosts: readonly string[], signal: AbortSignal): Promise<NeutronPort[]>;
  /**
   * Which ports are gone beyond doubt: see {@link AbsenceCheck}.
   * @param witnesses ports that are there, to be asked for along with them
   * @throws UpstreamUnavailableError; the signal's reason
   */
  confirmGone(portIds: Iterable<string>, witnesses: Iterable<string>, signal: AbortSignal): Promise<Absence>;
  /** All networks, as our service user sees them. @throws UpstreamUnavailableError; the signal's reason */
  networks(signal: AbortSignal): Promise<readonly NeutronNetwork[]>;
  /**
   * The ranges out of which Neutron gives VLAN ids and VNIs; null if this Neutron tells nobody (no such extension).
   * @throws UpstreamUnavailableError; the signal's reason
   */
  segmentRanges(signal: AbortSignal): Promise<readonly SegmentRange[] | null>;
}

export interface NeutronClientOptions {
  readonly neutron: Upstream;
  readonly serviceTokens: ServiceTokenSource;
  /** Of a request's path and query, in bytes. */
  readonly maxUrlBytes?: number;
  readonly pageSize?: number;
}

export function createNeutronClient(options: NeutronClientOptions): NeutronClient {
  const { neutron, serviceTokens, maxUrlBytes = 3000, pageSize = 500 } = options;

  const get = (path: string, token: string, signal: AbortSignal): Promise<HttpResponse> =>
    neutron.request(path, {
      method: 'GET',
      headers: { accept: 'application/json', 'x-auth-token': token },
      signal,
    });

  /** Null: the operator's policy forbids the request, which to the caller is the same as that there is nothing. */
  const getAsCaller = async (path: string, token: string, signal: AbortSignal): Promise<HttpResponse | null> => {
    const response = await get(path, token, signal);
    if (response.status === 401) throw new NeutronUnauthorizedError("Neutron does not accept the caller's token");
    return response.status === 403 ? null : response;
  };

  const getAsService = async (path: string, signal: AbortSignal): Promise<HttpResponse> => {
    for (let attempt = 0; ; attempt++) {
      const token = await serviceTokens.get(signal);
      const response = await get(path, token, signal);
      if (response.status !== 401) return response;
      serviceTokens.invalidate(token);
      if (attempt > 0) throw neutronUnavailable('refused', 'it does not accept our service token', null);
    }
  };

  /** The pages of one query, each from the last id of the one before. */
  const pages = async <T extends { readonly id: string }>(
    what: string,
    pathFrom: (marker: string | undefined) => string,
    parse: (body: string) => { readonly items: readonly T[]; readonly more: boolean },
    signal: AbortSignal,
  ): Promise<T[]> => {
    const all: T[] = [];
    const seen = new Set<string>();
    for (let marker: string | undefined; ; ) {
      const response = await getAsService(pathFrom(marker), signal);
      if (response.status !== 200) throw unexpected(response.status, what);
      const { items, more } = parse(response.body);
      all.push(...items);
      const last = items.at(-1)?.id;
      if (!more || last === undefined) return all;
      if (seen.has(last)) throw neutronUnavailable('bad-answer', `its pages of ${what} do not end`, null);
      seen.add(last);
      marker = last;
    }
  };

  const list = (query: PortQuery, signal: AbortSignal): Promise<NeutronPort[]> =>
    pages(
      'ports',
      (marker) => portsPath({ ...query, ...(marker === undefined ? {} : { marker }) }),
      (body) => {
        const { ports: items, more } = parsePortPage(body);
        return { items, more };
      },
      signal,
    );

  const one = (portId: string, response: HttpResponse): NeutronPort | null => {
    if (response.status === 404) return null;
    if (response.status !== 200) throw unexpected(response.status);
    const port = parsePort(response.body);
    if (port.id === portId) return port;
    throw neutronUnavailable('bad-answer', 'it answers with another port than it was asked for', null);
  };

  /** Null only if Neutron itself says that there is none. */
  const oneAsService = async (portId: string, signal: AbortSignal): Promise<NeutronPort | null> => {
    const response = await getAsService(portPath(portId), signal);
    if (response.status === 404 && !saysPortNotFound(response.body)) throw unexpected(response.status);
    return one(portId, response);
  };

  const absenceCheck = new AbsenceCheck({
    page: async (query, signal) => {
      const response = await getAsService(portsPath(query), signal);
      if (response.status !== 200) throw unexpected(response.status);
      return parsePortPage(response.body);
    },
    port: oneAsService,
    batches: (ids) => batchesOfIds(ids, maxUrlBytes - 50),
  });

  return {
    portAsCaller: async (portId, token, signal) => {
      if (!isPortId(portId)) return null;
      const response = await getAsCaller(portPath(portId), token, signal);
      return response && one(portId, response);
    },
    portsAsCaller: async (project, token, limit, signal) => {
      const response = await getAsCaller(portsPath({ project, limit }), token, signal);
      if (response === null) return [];
      if (response.status !== 200) throw unexpected(response.status);
      return parsePortPage(response.body).ports;
    },
    portAsService: async (portId, signal) => (isPortId(portId) ? oneAsService(portId, signal) : null),
    portsAsService: async (portIds, signal) => {
      const found = new Map<string, NeutronPort>();
      const absent = new Set<string>();
      const unanswered = new Set<string>();
      let failure: UpstreamUnavailableError | null = null;
      const asked = [...new Set(portIds)];
      for (const id of asked) if (!isPortId(id)) absent.add(id);
      for (const batch of batchesOfIds(asked.filter(isPortId), maxUrlBytes)) {
        try {
          const answered = new Map((await list({ ids: batch }, signal)).map((port) => [port.id, port]));
          for (const id of batch) {
            const port = answered.get(id);
            if (port === undefined) absent.add(id);
            else found.set(id, port);
          }
        } catch (error) {
          if (!(error instanceof UpstreamUnavailableError)) throw error;
          failure = error;
          for (const id of batch) unanswered.add(id);
        }
      }
      return { found, absent, unanswered, failure };
    },
    portsOfHosts: (hosts, signal) =>
      hosts.length === 0 ? Promise.resolve([]) : list({ hosts, limit: pageSize }, signal),
    confirmGone: (portIds, witnesses, signal) => absenceCheck.confirm(portIds, witnesses, signal),
    networks: (signal) =>
      pages(
        'networks',
        (marker) => networksPath(pageSize, marker),
        (body) => {
          const { networks: items, more } = parseNetworkPage(body);
          return { items, more };
        },
        signal,
      ),
    segmentRanges: async (signal) => {
      const response = await getAsService(segmentRangesPath, signal);
      if (response.status === 404) return null;
      if (response.status !== 200) throw unexpected(response.status, 'segment ranges');
      return parseSegmentRanges(response.body);
    },
  };
}

function unexpected(status: number, what = 'ports'): NeutronUnavailableError {
  return new NeutronUnavailableError('Neutron', 'bad-answer', `it answers ${status} to a poll of ${what}`);
}
