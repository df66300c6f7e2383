/** Keys in etcd's v2 store, written as networking-vpp writes them: by its v2 API. */

export interface V2PutOptions {
  /** Seconds. */
  readonly ttl?: number;
  /** Prolongs the time to live without an event. */
  readonly refresh?: boolean;
  readonly prevExist?: boolean;
  readonly authorization?: string;
}

/** @param value null to leave it as it is, with `refresh` */
export async function putV2(endpoint: string, key: string, value: string | null, more: V2PutOptions = {}) {
  const { authorization, ...options } = more;
  const form = new URLSearchParams(value === null ? {} : { value });
  for (const [name, option] of Object.entries(options)) form.set(name, String(option));
  await send(endpoint, key, { method: 'PUT', body: form, headers: authorization ? { authorization } : {} });
}

/** Removes a key, or a directory with all below it; that there is none is no error. */
export async function deleteV2(endpoint: string, key: string, how: 'key' | 'recursive' = 'key'): Promise<void> {
  await send(endpoint, `${key}${how === 'recursive' ? '?recursive=true' : ''}`, { method: 'DELETE' });
}

interface Node {
  readonly key: string;
  readonly value?: string;
  readonly nodes?: readonly Node[];
}

/** All keys below a directory, with their values. */
export async function getV2(endpoint: string, directory: string): Promise<Record<string, string>> {
  const answer = await fetch(`${endpoint}/v2/keys${directory}?recursive=true`);
  const { node } = (await answer.json()) as { node?: Node };
  const keys = (each: Node): [string, string][] =>
    each.value === undefined ? (each.nodes ?? []).flatMap(keys) : [[each.key, each.value]];
  return Object.fromEntries(node ? keys(node) : []);
}

async function send(endpoint: string, key: string, request: RequestInit): Promise<void> {
  const answer = await fetch(`${endpoint}/v2/keys${key}`, request);
  const text = await answer.text();
  if (!answer.ok && answer.status !== 404) throw new Error(`${request.method} ${key}: ${answer.status} ${text}`);
}
