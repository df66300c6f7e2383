export interface AskOptions {
  readonly project?: string;
  /** Text goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Which server; default: the first. */
  readonly server?: number;
  readonly roles?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly requestId: string | null;
}

/** A request to the API at `url` as somebody of the project, with whatever body, in development authentication. */
export async function ask(
  url: string,
  method: string,
  path: string,
  { project = 'project-a', body, roles = 'member' }: AskOptions = {},
): Promise<Answer> {
  const answer = await fetch(`${url}/v2.0/taas/${path}`, {
    method,
    // A connection of its own: one that is kept would break under the next request when the server is restarted.
    headers: { 'x-project-id': project, 'x-roles': roles, 'content-type': 'application/json', connection: 'close' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, requestId: answer.headers.get('x-openstack-request-id') };
}
