/** Refused, or not answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** 0: no answer came. */
    readonly status: number,
    /** The server's own word for it, if it has one. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** The page asks by itself: it does not keep the session alive. */
  readonly background?: boolean;
  readonly signal?: AbortSignal;
}

/** A request with the session's proof against forgery, which the server has told. */
export class Asker {
  csrf = '';
  /** Told when a request finds that nobody is logged in. */
  onNobody: () => void = () => undefined;

  /** @param path below `/dashboard/` @throws ApiError */
  async ask(path: string, { method = 'GET', body, background, signal }: Asked = {}): Promise<unknown> {
    const headers: Record<string, string> = {
      ...(method === 'GET' ? {} : { 'x-csrf-token': this.csrf }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(background ? { 'x-taas-background': '1' } : {}),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    let response: Response;
    try {
      response = await fetch(path, { method, headers, ...sent, ...(signal ? { signal } : {}) });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiError(0, 'no_answer', 'The server does not answer. This page tries again.');
    }
    const text = await response.text();
    const read = parsed(text);
    if (response.ok) return read;
    const error = errorOf(response.status, read);
    if (response.status === 401 && path !== 'session') this.onNobody();
    throw error;
  }

  /** Of the API. @param path below `/v2.0/` */
  api(path: string, asked?: Asked): Promise<unknown> {
    return this.ask(`api/v2.0/${path}`, asked);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The API's errors are Neutron's; those of the dashboard and of who is not logged in are otherwise. */
export function errorOf(status: number, body: unknown): ApiError {
  const fields = isFields(body) ? body : {};
  const neutron = fields['NeutronError'];
  const own = fields['error'];
  if (isFields(neutron)) return new ApiError(status, String(neutron['type']), String(neutron['message']));
  if (isFields(own)) return new ApiError(status, String(own['code']), String(own['message']));
  return new ApiError(status, 'unknown', `The server answers ${status}.`);
}

export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands under a name in an answer. @throws ApiError for an answer that is not as the API's are */
export function member<T>(answer: unknown, name: string): T {
  if (isFields(answer) && name in answer) return answer[name] as T;
  throw new ApiError(0, 'bad_answer', `The server's answer has no "${name}".`);
}
