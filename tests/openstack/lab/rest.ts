/** An answer of one of OpenStack's services. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON, or null without a body. */
  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes, and a test says which it expects
  readonly body: any;
}

export class RestError extends Error {
  override readonly name = 'RestError';
}

/** One request with a token; any status is an answer. */
export async function rest(method: string, url: string, token?: string, body?: unknown): Promise<RestAnswer> {
  const headers = {
    ...(token === undefined ? {} : { 'x-auth-token': token }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await fetch(url, {
    method,
    headers,
    signal: AbortSignal.timeout(120_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : parsed(text) };
}

/** As {@link rest}, for what must succeed. @throws RestError for a status of 400 or above */
export async function mustRest(...request: Parameters<typeof rest>): Promise<RestAnswer> {
  const answer = await rest(...request);
  if (answer.status < 400) return answer;
  throw new RestError(`${request[0]} ${request[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
