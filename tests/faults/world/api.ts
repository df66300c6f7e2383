import type { FaultCloud } from '../cloud/fault-cloud.js';
import type { Outcome, TapKind } from './ledger.js';

export interface Answer {
  readonly outcome: Outcome;
  /** 0 if there was none. */
  readonly status: number;
  readonly text: string;
}

export interface ShownTap {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly status_reason: string;
}

const patienceMs = 4_000;

/** Asks one of the servers, as a load balancer would have it: no second try, since the first may have been carried out. */
export async function ask(
  cloud: FaultCloud,
  server: number,
  method: string,
  path: string,
  project: string,
  body?: unknown,
): Promise<Answer> {
  const { url } = cloud.server(server);
  try {
    const answer = await fetch(`${url}/v2.0/taas/${path}`, {
      method,
      headers: {
        'x-project-id': project,
        'x-roles': 'member',
        'content-type': 'application/json',
        connection: 'close',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const { status } = answer;
    const outcome = answer.ok ? 'accepted' : status < 500 ? 'refused' : 'unknown';
    return { outcome, status, text: await answer.text() };
  } catch (error) {
    const { message, cause } = error as Error;
    return { outcome: 'unknown', status: 0, text: `${message} ${cause ?? ''}` };
  }
}

export async function list(
  cloud: FaultCloud,
  server: number,
  kind: TapKind,
  project: string,
): Promise<readonly ShownTap[]> {
  const { status, text } = await ask(cloud, server, 'GET', kind, project);
  if (status !== 200) throw new Error(`GET ${kind} of ${project}: ${status} ${text}`);
  return (JSON.parse(text) as Record<string, ShownTap[]>)[kind] ?? [];
}
