import { mustRest, rest } from './rest.js';

export interface User {
  readonly project: string;
  readonly role: 'admin' | 'member' | 'reader';
}

/** Who is in the cloud: two projects of customers, three users, an administrator, and the services' own users. */
export const users = {
  admin: { project: 'admin', role: 'admin' },
  alice: { project: 'acme', role: 'member' },
  bob: { project: 'umbrella', role: 'member' },
  carol: { project: 'acme', role: 'reader' },
  neutron: { project: 'service', role: 'admin' },
  taas: { project: 'service', role: 'admin' },
  heat: { project: 'service', role: 'admin' },
} as const satisfies Record<string, User>;
export type UserName = keyof typeof users;
export const customerProjects = ['acme', 'umbrella'] as const;

export interface Identity {
  /** Ids by name. */
  readonly projects: Readonly<Record<string, string>>;
  readonly users: Readonly<Record<string, string>>;
}

export interface Networks {
  /** Ids by name: acme-net1, acme-net2, umbrella-net1, ... */
  readonly networks: Readonly<Record<string, string>>;
  /** Ids by name: acme-port1 ... acme-port8 (1-5 on net1, 6-8 on net2), umbrella-port1 ... */
  readonly ports: Readonly<Record<string, string>>;
}

/** A project-scoped token by password. */
export async function issueToken(keystone: string, name: UserName, password: string): Promise<string> {
  const user = { name, password, domain: { id: 'default' } };
  const scope = { project: { name: users[name].project, domain: { id: 'default' } } };
  const auth = { identity: { methods: ['password'], password: { user } }, scope };
  const answer = await mustRest('POST', `${keystone}/auth/tokens`, undefined, { auth });
  const token = answer.headers.get('x-subject-token');
  if (token === null) throw new Error('Keystone issued no token');
  return token;
}

/** Projects, users, roles and Neutron's place in the catalog, in a Keystone that has only its administrator. */
export async function seedIdentity(keystone: string, password: string, networkUrl: string): Promise<Identity> {
  const token = await issueToken(keystone, 'admin', password);
  const post = async (what: string, body: object) => {
    const collection = what === 'identity' ? 'identities' : `${what}s`;
    return (await mustRest('POST', `${keystone}/${collection}`, token, { [what]: body })).body[what].id as string;
  };
  const idsOf = async (collection: string): Promise<Record<string, string>> => {
    const { body } = await mustRest('GET', `${keystone}/${collection}`, token);
    return Object.fromEntries(body[collection].map((each: { name: string; id: string }) => [each.name, each.id]));
  };
  const projects = await idsOf('projects');
  const found = await idsOf('users');
  const roles = await idsOf('roles');
  for (const name of ['service', ...customerProjects])
    projects[name] ??= await post('project', { name, domain_id: 'default' });
  for (const [name, { project, role }] of Object.entries(users)) {
    found[name] ??= await post('user', { name, domain_id: 'default', password });
    await mustRest('PUT', `${keystone}/projects/${projects[project]}/users/${found[name]}/roles/${roles[role]}`, token);
  }
  // As Keystone's own bootstrap makes it from 2023 on: Neutron calls others as a service.
  roles['service'] ??= await post('role', { name: 'service' });
  const grant = `projects/${projects['service']}/users/${found['neutron']}/roles/${roles['service']}`;
  await mustRest('PUT', `${keystone}/${grant}`, token);
  const service_id = await post('service', { name: 'neutron', type: 'network' });
  for (const kind of ['public', 'internal', 'admin'])
    await post('endpoint', { service_id, interface: kind, url: networkUrl, region_id: 'RegionOne' });
  return { projects, users: found };
}

/** Two networks and eight ports for each customer, made with the customer's own token. */
export async function seedNetworks(neutron: string, tokens: Readonly<Record<string, string>>): Promise<Networks> {
  const networks: Record<string, string> = {};
  const ports: Record<string, string> = {};
  const make = async (token: string | undefined, collection: string, items: readonly object[]) => {
    const { body } = await mustRest('POST', `${neutron}/v2.0/${collection}`, token, { [collection]: items });
    return body[collection] as { name: string; id: string }[];
  };
  const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}${n + 1}`);
  for (const [nth, project] of customerProjects.entries()) {
    const token = tokens[project];
    // One by one, since a bulk's answer has no promised order and SQLite takes one writer anyway.
    for (const name of names(`${project}-net`, 2))
      for (const { id } of await make(token, 'networks', [{ name }])) networks[name] = id;
    const networkOf = (n: number) => networks[`${project}-net${n}`];
    const subnets = [1, 2].map((n) => ({
      network_id: networkOf(n),
      ip_version: 4,
      cidr: `10.${10 * (nth + 1)}.${n}.0/24`,
    }));
    await make(token, 'subnets', subnets);
    const wanted = names(`${project}-port`, 8).map((name, n) => ({ name, network_id: networkOf(n < 5 ? 1 : 2) }));
    for (const { name, id } of await make(token, 'ports', wanted)) ports[name] = id;
  }
  return { networks, ports };
}

/** Makes a token worthless, as its user would. */
export async function revokeToken(keystone: string, token: string): Promise<void> {
  const answer = await fetch(`${keystone}/auth/tokens`, {
    method: 'DELETE',
    headers: { 'x-auth-token': token, 'x-subject-token': token },
  });
  if (answer.status !== 204) throw new Error(`Keystone did not revoke the token: ${answer.status}`);
}

/** Whether a port is still there, by an administrator's token. */
export const portExists = async (neutron: string, token: string, id: string): Promise<boolean> =>
  (await rest('GET', `${neutron}/v2.0/ports/${id}`, token)).status === 200;
