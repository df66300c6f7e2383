import type { PassThrough, WholeAnswer } from '@taas/gateway';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import type { JsonObject } from '../http/request-body.js';

/** Asks Neutron what the client asks, in the client's name; with another body if given. @throws GatewayError */
export function askNeutron(neutron: PassThrough, request: ApiRequest, body?: unknown): Promise<WholeAnswer> {
  const { method, url: target, raw, signal } = request;
  const given = body === undefined ? request.body : Buffer.from(JSON.stringify(body));
  return neutron.ask(raw, { method, target, signal, body: given });
}

/** The same question as a GET, for an answer that shows what another method has done. */
export const askNeutronAgain = (neutron: PassThrough, request: ApiRequest): Promise<WholeAnswer> =>
  askNeutron(neutron, { ...request, method: 'GET', body: Buffer.alloc(0) });

/** Neutron's answer as it came, if there is nothing of ours in it. */
export function relayed(answer: WholeAnswer): ApiAnswer {
  const headers = keptHeaders(answer);
  return answer.body.length === 0
    ? { status: answer.status, headers }
    : { status: answer.status, headers, body: jsonOf(answer) ?? answer.body.toString('utf8') };
}

/** Neutron's answer with something changed. Null if it is no success with an object in it. */
export function changed(answer: WholeAnswer, change: (body: JsonObject) => unknown): ApiAnswer | null {
  const body = jsonOf(answer);
  if (answer.status !== 200 || body === null) return null;
  return { status: 200, headers: keptHeaders(answer), body: change(body) };
}

function keptHeaders(answer: WholeAnswer): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['x-openstack-request-id', 'www-authenticate', 'retry-after']) {
    const value = answer.headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}

function jsonOf(answer: WholeAnswer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(answer.body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null; // An error page of a proxy's.
  }
}
