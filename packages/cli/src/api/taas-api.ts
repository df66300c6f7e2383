import { FairTurns } from '@taas/service';
import type { Session } from '../cloud/session.js';
import { CliError, type Outcome } from '../exit-codes.js';
import type { HttpAnswer } from '../host/http.js';
import { isDirection, isId, type Kind, kinds, type Tap } from './kinds.js';

/** An answer that says no, in the API's own words. */
export class RefusedError extends CliError {
  constructor(
    readonly status: number,
    readonly type: string,
    outcome: Outcome,
    message: string,
    /** When the server, which has too much to do, wants to be asked again, in ms; null if it does not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(outcome, message);
  }
}

export type Query = Readonly<Record<string, string | undefined>>;

/** A page holds at most 1,000 by default, and the largest cloud that was measured has 100,000 flows. */
const mostPages = 10_000;

/** Requests of {@link TaasApi.getInTurn} at a time: the server lets 16 of a project wait, and we are not its only user. */
const atATime = 8;
/** A server that wants to be left alone for longer is not waited for, in ms. The server itself says 30 s at most. */
const longestPauseMs = 60_000;

/** The TaaS API, typed as far as it is used. Everything throws CliError. */
export class TaasApi {
  // The caller's own list of taps is what waits, so that the queue needs no bound of its own.
  readonly #turns = new FairTurns({
    concurrent: atATime,
    concurrentPerKey: atATime,
    ...{ waiting: Number.POSITIVE_INFINITY, waitingPerKey: Number.POSITIVE_INFINITY },
  });

  constructor(readonly session: Session) {}

  /** All of a kind that fit, over as many pages as there are. */
  async list(kind: Kind, query: Query = {}): Promise<Tap[]> {
    const { collection } = kinds[kind];
    const path = `/v2.0/taas/${collection}`;
    const found: Tap[] = [];
    let search = searchOf(query);
    for (let page = 0; page < mostPages; page += 1) {
      const body = await this.get(path + search);
      const list = body[collection];
      if (!Array.isArray(list)) throw notTheApi(`GET ${path}`);
      found.push(...list.map((each: unknown) => tapOf(kind, each)));
      const next = nextOf(body[`${collection}_links`]);
      if (next === null || next === search) return found;
      search = next;
    }
    throw new CliError('unreachable', `GET ${path}: the pages have no end`);
  }

  /** Null if there is none that the caller may see. */
  async find(kind: Kind, id: string): Promise<Tap | null> {
    const { collection, resource } = kinds[kind];
    const answer = await this.session.request('GET', `/v2.0/taas/${collection}/${encodeURIComponent(id)}`);
    if (answer.status === 404) return null;
    return tapOf(kind, bodyOf(answer, `GET ${collection}`)[resource]);
  }

  async create(kind: Kind, attributes: object): Promise<Tap> {
    const { collection, resource } = kinds[kind];
    const answer = await this.session.request('POST', `/v2.0/taas/${collection}`, { [resource]: attributes });
    return tapOf(kind, bodyOf(answer, `POST ${collection}`)[resource]);
  }

  async change(kind: Kind, id: string, attributes: object): Promise<Tap> {
    const { resource } = kinds[kind];
    const answer = await this.session.request('PUT', pathOf(kind, id), { [resource]: attributes });
    return tapOf(kind, bodyOf(answer, `PUT ${resource}`)[resource]);
  }

  /** Agrees to a tap that somebody else has asked for. @param consent_to as the tap showed it */
  async approve(kind: Kind, id: string, consent_to: string): Promise<Tap> {
    const body = { [kinds[kind].resource]: { consent_to } };
    const answer = await this.session.request('PUT', `${pathOf(kind, id)}/approve`, body);
    return tapOf(kind, bodyOf(answer, 'PUT approve')[kinds[kind].resource]);
  }

  /** The same for a capture. @returns it, as the API shows it */
  async approveCapture(id: string): Promise<Readonly<Record<string, unknown>>> {
    const path = `/v2.0/taas/captures/${encodeURIComponent(id)}/approve`;
    const { capture } = bodyOf(await this.session.request('PUT', path), 'PUT approve');
    if (!isObject(capture)) throw notTheApi('PUT approve');
    return capture;
  }

  /** Who copies the caller's ports, or one of them; over as many pages as there are. */
  async tappedPorts(port?: string): Promise<Readonly<Record<string, unknown>>[]> {
    const path = '/v2.0/taas/tapped_ports';
    if (port !== undefined) {
      const { tapped_port } = await this.get(`${path}/${encodeURIComponent(port)}`);
      return isObject(tapped_port) ? [tapped_port] : [];
    }
    const found: Readonly<Record<string, unknown>>[] = [];
    let search = '';
    for (let page = 0; page < mostPages; page += 1) {
      const { tapped_ports: ports, tapped_ports_links: links } = await this.get(path + search);
      if (!Array.isArray(ports)) throw notTheApi(`GET ${path}`);
      found.push(...ports.filter(isObject));
      const next = nextOf(links);
      if (next === null || next === search) return found;
      search = next;
    }
    throw new CliError('unreachable', `GET ${path}: the pages have no end`);
  }

  /** One that is gone already is gone. */
  async delete(kind: Kind, id: string): Promise<void> {
    const answer = await this.session.request('DELETE', pathOf(kind, id));
    if (answer.status !== 404 && answer.status >= 300) throw refusalOf(answer, 'DELETE');
  }

  /**
   * What a change would do (docs/reference/api.md); nothing is changed.
   * @throws RefusedError as the change itself
   */
  async plan(change: object): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.session.request('POST', '/v2.0/taas/plan', { plan: change });
    const { plan } = bodyOf(answer, 'POST plan');
    if (!isObject(plan)) throw notTheApi('POST plan');
    return plan;
  }

  /** Any document of the API. @throws RefusedError unless it is a 2xx with a JSON object */
  async get(path: string): Promise<Readonly<Record<string, unknown>>> {
    return bodyOf(await this.session.request('GET', path), `GET ${path.split('?')[0]}`);
  }

  /**
   * As {@link get}, for what makes the server wait for others: few at a time, and once more after the pause that it asks for.
   * @throws RefusedError unless it is a 2xx with a JSON object
   */
  async getInTurn(path: string): Promise<Readonly<Record<string, unknown>>> {
    const end = await this.#turns.take('', this.session.signal);
    try {
      return await this.get(path).catch(async (error: unknown) => {
        const pause = error instanceof RefusedError ? error.retryAfterMs : null;
        if (pause === null || pause > longestPauseMs) throw error;
        await this.session.pause(pause);
        return this.get(path);
      });
    } finally {
      end();
    }
  }
}

const pathOf = (kind: Kind, id: string) => `/v2.0/taas/${kinds[kind].collection}/${encodeURIComponent(id)}`;

function searchOf(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** What to ask for next: the link's query alone, since its host is as some proxy believes it to be. */
function nextOf(links: unknown): string | null {
  if (!Array.isArray(links)) return null;
  const next = links.find((link: unknown) => (link as { rel?: unknown } | null)?.rel === 'next') as
    | { href?: unknown }
    | undefined;
  return typeof next?.href === 'string' && URL.canParse(next.href) ? new URL(next.href).search : null;
}

function tapOf(kind: Kind, value: unknown): Tap {
  const attributes = isObject(value) ? value : {};
  const { id, direction } = attributes;
  // Both stand in tables and questions, where a server that lies could move the cursor or hide a line.
  if (typeof id !== 'string' || !isId(id) || (direction !== undefined && !isDirection(direction)))
    throw notTheApi(kinds[kind].title);
  return { kind, id, attributes };
}

function bodyOf(answer: HttpAnswer, what: string): Readonly<Record<string, unknown>> {
  if (answer.status >= 300 || answer.status < 200) throw refusalOf(answer, what);
  const body = parsed(answer.body);
  if (!isObject(body)) throw notTheApi(what);
  return body;
}

export function refusalOf({ status, body, headers }: HttpAnswer, what: string): RefusedError {
  const parsedBody = parsed(body);
  const outer = isObject(parsedBody) ? parsedBody : {};
  const error = isObject(outer['NeutronError'])
    ? outer['NeutronError']
    : isObject(outer['error'])
      ? outer['error']
      : outer;
  const said = typeof error['message'] === 'string' ? error['message'] : undefined;
  const type = typeof error['type'] === 'string' ? error['type'] : `HTTP ${status}`;
  const request = headers['x-openstack-request-id'];
  const after = headers['retry-after'];
  const later = after === undefined ? '' : `; try again in ${after} s`;
  const isBusy = (status === 429 || status === 503) && after !== undefined && /^\d{1,9}$/.test(after);
  const outcome: Outcome =
    status === 401 ? 'unauthenticated' : status === 404 ? 'not_found' : status >= 500 ? 'unreachable' : 'refused';
  const words = said ?? (status === 401 ? 'the API does not take the token' : `${what} is answered with ${status}`);
  return new RefusedError(
    status,
    type,
    outcome,
    `${words} (${status}${request === undefined ? '' : `, ${request}`})${later}`,
    isBusy ? Number(after) * 1000 : null,
  );
}

const notTheApi = (what: string) =>
  new CliError('unreachable', `${what}: the answer is none of the TaaS API; is the network endpoint right?`);

/** JSON whose whole numbers beyond 2^53 are texts, so that no counter is rounded. */
function parsed(text: string): unknown {
  try {
    const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (each) =>
      each.startsWith('"') ? each : `"${each}"`,
    );
    return JSON.parse(exact);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
