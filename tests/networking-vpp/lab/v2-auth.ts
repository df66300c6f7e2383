/** A user of etcd's v2 store and what it may touch. */
export interface V2User {
  readonly name: string;
  readonly password: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** Switches on authentication in etcd's v2 store: these users and root, and nothing for anybody else. */
export async function enableV2Auth(url: string, rootPassword: string, users: readonly V2User[]): Promise<void> {
  const authorization = `Basic ${Buffer.from(`root:${rootPassword}`).toString('base64')}`;
  const put = async (path: string, body?: object) => {
    const request = { method: 'PUT', headers: { authorization, 'content-type': 'application/json' } };
    const answer = await fetch(`${url}/v2/auth/${path}`, {
      ...request,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`PUT /v2/auth/${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  await put('users/root', { user: 'root', password: rootPassword });
  for (const { name, password, read, write } of users) {
    await put(`users/${name}`, { user: name, password });
    await put(`roles/${name}`, { role: name, permissions: { kv: { read, write } } });
    await put(`users/${name}`, { user: name, grant: [name] });
  }
  await put('enable');
  await put('roles/guest', { role: 'guest', revoke: { kv: { read: ['/*'], write: ['/*'] } } });
}
