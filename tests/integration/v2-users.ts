import { expect } from 'vitest';

/** The steps after which an etcd asks by its v2 API who somebody is. */
export interface V2Users {
  /** Root, with the password x; and users count from then on. */
  turnOn(): Promise<void>;
  /** Until then everybody may do everything, as before. */
  takeRightsOfGuest(): Promise<void>;
}

export function v2Users(endpoint: string): V2Users {
  const login = `Basic ${Buffer.from('root:x').toString('base64')}`;
  const put = async (path: string, body: object) => {
    const headers = { authorization: login, 'content-type': 'application/json' };
    const answer = await fetch(`${endpoint}/v2/auth/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
    expect(answer.status, await answer.text()).toBeLessThan(300);
  };
  return {
    turnOn: async () => {
      await put('users/root', { user: 'root', password: 'x' });
      await put('enable', {});
    },
    takeRightsOfGuest: () => put('roles/guest', { role: 'guest', revoke: { kv: { read: ['/*'], write: ['/*'] } } }),
  };
}
