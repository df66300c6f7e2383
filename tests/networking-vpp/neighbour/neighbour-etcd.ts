/** networking-vpp's keys, read and written as it does: by etcd's v2 API. */
export class NeighbourEtcd {
  /** @param credentials `user:password` of a v2 user */
  constructor(
    readonly url: string,
    private readonly credentials?: string,
  ) {}

  /** What its value is; undefined if there is no such key. */
  async get(key: string): Promise<string | undefined> {
    return (await this.#node(key))?.value;
  }

  /** Another one whenever the key has been made anew. */
  async createdIndex(key: string): Promise<number | undefined> {
    return (await this.#node(key))?.createdIndex;
  }

  /** All keys below a directory, with their values. */
  async list(directory: string): Promise<Readonly<Record<string, string>>> {
    const keys = (node: Node): [string, string][] =>
      node.value === undefined ? (node.nodes ?? []).flatMap(keys) : [[node.key, node.value]];
    const node = await this.#node(`${directory}?recursive=true`);
    return Object.fromEntries(node === undefined ? [] : keys(node));
  }

  async put(key: string, value: string): Promise<void> {
    await this.#ask(key, { method: 'PUT', body: new URLSearchParams({ value }) });
  }

  async delete(key: string): Promise<void> {
    await this.#ask(key, { method: 'DELETE' });
  }

  async #node(key: string): Promise<Node | undefined> {
    return (await this.#ask(key, {})).node;
  }

  async #ask(key: string, request: RequestInit): Promise<{ readonly node?: Node }> {
    const authorization = `Basic ${Buffer.from(this.credentials ?? '').toString('base64')}`;
    const headers = this.credentials === undefined ? {} : { authorization };
    const answer = await fetch(`${this.url}/v2/keys${key}`, { ...request, headers });
    const body = await answer.text();
    if (!answer.ok && answer.status !== 404) throw new Error(`${request.method ?? 'GET'} ${key}: ${body}`);
    return answer.ok ? JSON.parse(body) : {};
  }
}

interface Node {
  readonly key: string;
  readonly value?: string;
  readonly createdIndex: number;
  readonly nodes?: readonly Node[];
}
