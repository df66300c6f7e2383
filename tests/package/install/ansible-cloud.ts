import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ansible, type Inventory } from './ansible.js';
import { Authority } from './authority.js';
import { Debian } from './debian.js';
import { Machine } from './machine.js';

const simulator = fileURLToPath(new URL('../../../packages/vpp-sim/bin/vpp-sim.js', import.meta.url));
export const hosts = ['one', 'two'] as const;
export type Host = (typeof hosts)[number];
const addresses: Readonly<Record<Host, string>> = { one: '10.77.0.1', two: '10.77.0.2' };
const etcdUrl = `https://${addresses.one}:2379`;
const rootPassword = 'root:secret';
const rootUser = `root:${rootPassword}`;
const serverPassword = 'server-secret';
const keystonePassword = 'keystone-secret';
/** What no output may show. */
export const secrets = [rootPassword, serverPassword, keystonePassword, 'agent-one-secret', 'PRIVATE KEY'];
/** Ansible needs Python there; what the role installs from Debian lies in apt's cache. */
const managed = {
  kind: 'managed',
  installed: ['python3', 'python3-apt'],
  downloaded: ['haproxy', 'prometheus'],
};

/** Two machines with a cable between them, a VPP's simulator in each and an etcd with TLS in the first: what the role finds. */
export class AnsibleCloud {
  private constructor(
    readonly machines: Readonly<Record<Host, Machine>>,
    readonly ansible: Ansible,
    /** Folder on this machine that packages are taken from. */
    readonly packages: string,
    private readonly folder: string,
    private readonly simulators: readonly ChildProcess[],
  ) {}

  static async make(): Promise<AnsibleCloud> {
    const folder = mkdtempSync(join(tmpdir(), 'taas-ansible-'));
    const start = async (host: Host) => Machine.start(Debian.make('bookworm', managed), join(folder, `enter-${host}`));
    const machines = { one: await start('one'), two: await start('two') };
    Machine.connect([machines.one, `${addresses.one}/24`], [machines.two, `${addresses.two}/24`]);
    const simulators = await Promise.all(hosts.map((host) => simulate(machines[host].debian)));
    const authority = new Authority(made(folder, 'authority'));
    await startEtcd(machines.one, authority);
    const packages = made(folder, 'packages');
    const vars = varsOf(authority, packages);
    const groups = { taas_server: hosts, taas_agent: hosts, taas_haproxy: ['one'], taas_prometheus: ['two'] };
    const ansible = new Ansible(join(folder, 'ansible'), inventoryOf(machines, authority), groups, vars);
    return new AnsibleCloud(machines, ansible, packages, folder, simulators);
  }

  /** What etcdctl says as etcd's root. */
  etcdctl(command: string): Promise<string> {
    const how = `--endpoints ${etcdUrl} --cacert /etc/default/etcd-ca.pem --user '${rootUser}'`;
    return this.machines.one.must(`ETCDCTL_API=3 etcdctl ${how} ${command}`);
  }

  /** Asks both servers again and again whether they are ready. `stop` tells how many were, each time. */
  watchServers(): { stop(): Promise<number[]> } {
    const { one } = this.machines;
    const ask = hosts.map(
      (host) => `$(curl -so /dev/null --max-time 5 -w '%{http_code} ' http://${addresses[host]}:9698/readyz)`,
    );
    // curl says 000 where nobody answers, and fails, which is no matter.
    const asking = one.must(
      `set +e; rm -f stop; until [ -e stop ]; do echo "${ask.join('')}"; sleep 0.1; done`,
      900_000,
    );
    return {
      stop: async () => {
        await one.must('touch stop');
        const lines = (await asking).trim().split('\n');
        return lines.map((line) => line.split(' ').filter((status) => status === '200').length);
      },
    };
  }

  /** All files of both machines. */
  async everything(): Promise<string[]> {
    const [one, two] = [await this.machines.one.debian.everything(), await this.machines.two.debian.everything()];
    return [...one.map((line) => `one ${line}`), ...two.map((line) => `two ${line}`)];
  }

  async remove(): Promise<void> {
    for (const simulator of this.simulators) simulator.kill();
    for (const host of hosts) {
      await this.machines[host].stop();
      this.machines[host].debian.remove();
    }
    rmSync(this.folder, { recursive: true });
  }
}

function made(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

async function simulate(debian: Debian): Promise<ChildProcess> {
  const socket = debian.at('/run/vpp/api.sock');
  const ports = [1, 2].flatMap((port) => ['--port', `port-${port},tag=net-vpp.port:${portId(port)},bd=10`]);
  const child = spawn(process.execPath, [simulator, '--socket', socket, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('the simulator has no output');
  await once(child.stdout, 'data');
  // As VPP does it for its group.
  chownSync(socket, 0, debian.group('vpp'));
  chmodSync(socket, 0o770);
  return child;
}

export const portId = (port: number): string => `00000000-0000-4000-8000-00000000000${port}`;

async function startEtcd(machine: Machine, authority: Authority): Promise<void> {
  const { cert, key } = authority.certify('etcd', [`subjectAltName=IP:${addresses.one}`]);
  machine.debian.write('/etc/default/etcd-cert.pem', cert);
  machine.debian.write('/etc/default/etcd-key.pem', key);
  machine.debian.write(
    '/etc/default/etcd',
    `ETCD_LISTEN_CLIENT_URLS=${etcdUrl}\nETCD_ADVERTISE_CLIENT_URLS=${etcdUrl}\n` +
      'ETCD_CERT_FILE=/etc/default/etcd-cert.pem\nETCD_KEY_FILE=/etc/default/etcd-key.pem\n',
  );
  writeFileSync(machine.debian.at('/etc/default/etcd-ca.pem'), authority.pem);
  await machine.must(`
    chown etcd /etc/default/etcd-key.pem
    systemctl enable --now etcd
    export ETCDCTL_API=3
    until etcdctl --endpoints ${etcdUrl} --cacert /etc/default/etcd-ca.pem endpoint health >/dev/null 2>&1; do sleep 0.2; done`);
}

const signing = ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature'];

/** What all hosts share. */
function varsOf(authority: Authority, packages: string): object {
  return {
    taas_package_dir: packages,
    taas_etcd_endpoints: [etcdUrl],
    taas_etcd_ca: authority.pem,
    taas_etcd_enable_auth: true,
    taas_etcd_root_password: rootPassword,
    taas_etcd_server_password: serverPassword,
    enable_taas_signing: true,
    taas_signing_ca: authority.pem,
    taas_server_config: { auth: { mode: 'development' }, networking_vpp: { bindings: 'etcd-v3' } },
    taas_files: { 'keystone-password': keystonePassword },
    // In development mode a server listens on its own machine alone.
    taas_haproxy_servers: ['one'],
    taas_haproxy_bind: '127.0.0.1:9700',
    taas_neutron_backends: ['127.0.0.1:9696'],
    taas_autoremove: true,
  };
}

function inventoryOf(machines: Readonly<Record<Host, Machine>>, authority: Authority): Inventory {
  const entries = hosts.map((host) => {
    const server = authority.certify(`taas-server-${host}`, signing);
    const agent = authority.certify(host, signing);
    const vars = {
      taas_address: addresses[host],
      taas_api_address: '127.0.0.1',
      taas_etcd_agent_password: `agent-${host}-secret`,
      ...{ taas_server_signing_cert: server.cert, taas_server_signing_key: server.key },
      ...{ taas_agent_signing_cert: agent.cert, taas_agent_signing_key: agent.key },
    };
    return [host, { machine: machines[host], vars }] as const;
  });
  return Object.fromEntries(entries);
}
