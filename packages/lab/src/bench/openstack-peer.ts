import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the OpenStack lab says of itself once it is ready, as far as it matters here. */
interface LabReport {
  readonly keystoneUrl: string;
  readonly neutronUrl: string;
  readonly password: string;
  readonly pids: { readonly neutron: number };
}

/** A real Keystone and a real Neutron with upstream's TaaS plugin: what ours is measured beside. */
export interface OpenStackPeer extends LabReport {
  /** A new token of alice's, who is a member of project acme. */
  token(): Promise<string>;
  /** Makes a network of alice's with so many ports, as Nova does for VMs. @returns the ports' ids */
  makePorts(count: number): Promise<string[]>;
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL('../../../../tests/openstack/lab/up.mjs', import.meta.url));
/** Ports made by one request: more would keep SQLite's only writer for too long. */
const portsAtOnce = 50;

/**
 * Starts the lab, which installs Debian's packages where they are missing and it may.
 * @throws Error if it ends before it is ready; its own output says why
 */
export async function startOpenStackPeer(): Promise<OpenStackPeer> {
  const child = spawn(process.execPath, [script, '--with-taas', '--api-workers', '2'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const report = JSON.parse(await firstLine(child)) as LabReport;
  const token = () => tokenOf(report);
  return {
    ...report,
    token,
    makePorts: async (count) => makePorts(report.neutronUrl, await token(), count),
    stop: async () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the OpenStack lab ended at its start (exit ${code ?? signal})`)),
    );
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
  });
}

async function tokenOf({ keystoneUrl, password }: LabReport): Promise<string> {
  const user = { name: 'alice', password, domain: { id: 'default' } };
  const scope = { project: { name: 'acme', domain: { id: 'default' } } };
  const auth = { identity: { methods: ['password'], password: { user } }, scope };
  const { headers } = await post(`${keystoneUrl}/auth/tokens`, '', { auth });
  const token = headers.get('x-subject-token');
  if (token === null) throw new Error('Keystone issued no token');
  return token;
}

async function makePorts(neutronUrl: string, token: string, count: number): Promise<string[]> {
  const make = async (what: string, items: readonly object[]): Promise<string[]> => {
    const { body } = await post(`${neutronUrl}/v2.0/${what}`, token, { [what]: items });
    return (body as Record<string, { id: string }[]>)[what]?.map(({ id }) => id) ?? [];
  };
  const [network_id] = await make('networks', [{ name: 'bench' }]);
  await make('subnets', [{ network_id, ip_version: 4, cidr: '10.99.0.0/16' }]);
  const ids: string[] = [];
  while (ids.length < count) {
    const more = Math.min(portsAtOnce, count - ids.length);
    ids.push(...(await make('ports', Array<object>(more).fill({ network_id }))));
  }
  return ids;
}

async function post(url: string, token: string, body: object): Promise<{ headers: Headers; body: unknown }> {
  const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { 'x-auth-token': token }) };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${text}`);
  return { headers: answer.headers, body: JSON.parse(text) };
}
