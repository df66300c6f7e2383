import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { agentConfig, freePort } from '@taas/lab';
import { systemClock } from '@taas/service';
import type { Ini } from '../../openstack/lab/ini.js';
import type { NeutronDriver } from '../../openstack/lab/neutron-service.js';
import { OpenStackCli } from '../../openstack/lab/openstack-cli.js';
import { type OpenStackLab, startOpenStackLab } from '../../openstack/lab/openstack-lab.js';
import { logsSince, markLogs } from '../../openstack/lab/service-logs.js';
import type { ServiceProcess } from '../../openstack/lab/service-process.js';
import { etcdProcess, startTaasFront, type TaasFront } from '../../openstack/taas-front.js';
import { taasProgram } from '../../openstack/taas-program.js';
import { type UserCommands, userCommands } from '../../openstack/user-commands.js';
import { type NetworkingVpp, pythonPathOf } from '../checkout/networking-vpp.js';
import { NeighbourAgent } from '../neighbour/neighbour-agent.js';
import { NeighbourEtcd } from '../neighbour/neighbour-etcd.js';
import { Guests } from './guests.js';
import { NodeVpp, type Wire } from './node-vpp.js';

/** A compute node as an operator has it: VPP, networking-vpp's agent, and ours. */
export interface NeighbourNode {
  readonly name: string;
  readonly vpp: NodeVpp;
  readonly neighbour: NeighbourAgent;
  readonly agent: ServiceProcess;
  /** Where VMs open their sockets. */
  readonly vhostDirectory: string;
}

export interface NeighbourCloudOptions {
  /** Options of networking-vpp's driver and agents in `[ml2_vpp]`, besides those that say where things are. */
  readonly mlTwoVpp?: Ini[string];
  /** The same of its agents alone, for one node. */
  readonly onNode?: (node: string) => Ini[string];
  /** `user:password` in etcd's v2 store: for networking-vpp's agents by node, and for its driver. */
  readonly etcdUsers?: { readonly driver: string; readonly agent: (node: string) => string; readonly lab: string };
  /** Options of taas-server's `networking_vpp`. */
  readonly taasNetworkingVpp?: object;
  /** Of taas-server in networking-vpp's etcd; none: it starts on one that anybody may write to. */
  readonly v2User?: object;
  /** Done when etcd runs, before anybody uses it. */
  readonly prepareEtcd?: (url: string) => Promise<void>;
  readonly say?: (line: string) => void;
}

export const nodeNames = ['node-a', 'node-b'] as const;
export type NodeName = (typeof nodeNames)[number];
const servicePlugins = ['vpp-trunk', 'vpp-router'];
/** Where routers are. */
const routerNode = nodeNames[0];
const typeDrivers = 'vlan,flat';
/** The flat network's wire is another than the one of VLANs, whose copies would be in danger. */
export const flatPhysnet = 'physnet2';

/** The real thing on one machine: Keystone, Neutron with networking-vpp's driver, its agent on two nodes, and ours beside it. */
export class NeighbourCloud {
  readonly clock = systemClock;
  readonly cli: OpenStackCli;
  readonly users: UserCommands;

  private constructor(
    private readonly directory: string,
    readonly lab: OpenStackLab,
    readonly front: TaasFront,
    readonly etcd: NeighbourEtcd,
    readonly guests: Guests,
    private readonly nodes: ReadonlyMap<string, NeighbourNode>,
    private readonly closers: readonly (() => Promise<unknown>)[],
  ) {
    this.cli = new OpenStackCli();
    this.users = userCommands(this.cli, () => lab);
  }

  static async start(
    found: NetworkingVpp,
    directory: string,
    options: NeighbourCloudOptions = {},
  ): Promise<NeighbourCloud> {
    const { say = () => undefined, mlTwoVpp = {}, etcdUsers } = options;
    mkdirSync(directory, { recursive: true });
    const closers: (() => Promise<unknown>)[] = [];
    try {
      const { etcd: etcdServer, url } = await etcdProcess(directory, ['--enable-v2']);
      closers.push(() => etcdServer.stop());
      await etcdServer.start();
      await options.prepareEtcd?.(url);
      const etcd = new NeighbourEtcd(url, etcdUsers?.lab);
      const pythonPath = await pythonPathOf(found, directory);
      const place = { etcd_host: '127.0.0.1', etcd_port: new URL(url).port, network_types: typeDrivers };
      const common = { ...place, l3_hosts: routerNode, etcd_insecure_explicit_disable_https: true, ...mlTwoVpp };
      const asUser = (user: string | undefined): Ini[string] => {
        const [etcd_user, etcd_pass] = user?.split(':') ?? [];
        return etcd_user === undefined || etcd_pass === undefined ? {} : { etcd_user, etcd_pass };
      };
      const driver: NeutronDriver = {
        name: 'vpp',
        pythonPath,
        servicePlugins,
        models: ['networking_vpp.db.models'],
        ml2: {
          ml2: { type_drivers: typeDrivers },
          ml2_type_flat: { flat_networks: flatPhysnet },
          ml2_vpp: { ...common, ...asUser(etcdUsers?.driver), vhost_user_dir: join(directory, 'vhost') },
        },
      };
      const listen = await freePort();
      const networkUrl = `http://127.0.0.1:${listen}`;
      const [lab, vpps] = await Promise.all([
        startOpenStackLab({ networkUrl, driver, say }).then((started) => {
          closers.push(() => started.stop());
          return started;
        }),
        startVpps(found, directory, closers),
      ]);
      const neighbours = new Map<string, NeighbourAgent>();
      for (const [name, vpp] of vpps) {
        const vhost = join(directory, name, 'vhost');
        mkdirSync(vhost, { recursive: true });
        const neighbour = new NeighbourAgent({
          ...{ node: name, directory: join(directory, name), apiSocket: vpp.apiSocket, pythonPath, etcd },
          apiFiles: found.apiFiles,
          options: {
            DEFAULT: {
              host: name,
              debug: true,
              // What its libraries say of each message would cost more than the messages.
              default_log_levels: 'vpp_papi=INFO,etcd=INFO,urllib3=INFO',
              service_plugins: servicePlugins.join(','),
              state_path: directory,
              use_stderr: true,
            },
            AGENT: { root_helper: '' },
            ml2: { type_drivers: typeDrivers },
            securitygroup: { enable_security_group: true },
            ml2_vpp: {
              ...common,
              ...asUser(etcdUsers?.agent(name)),
              physnets: `physnet1:${vpp.wireName(0)},${flatPhysnet}:${vpp.wireName(1)}`,
              vhost_user_dir: vhost,
              ...options.onNode?.(name),
            },
          },
        });
        closers.push(() => neighbour.stop('SIGKILL'));
        neighbours.set(name, neighbour);
      }
      await Promise.all([...neighbours.values()].map((each) => each.start()));
      say("networking-vpp's agents run");
      const front = await startTaasFront(lab, {
        ...{ port: listen, tokenCacheMs: 60_000, pollMs: 500, etcdUrl: url },
        config: {
          networking_vpp: {
            bindings: 'etcd-v2',
            etcd: { endpoints: [url], ...(options.v2User ?? { allow_unprotected: true }) },
            ...options.taasNetworkingVpp,
          },
          segments: [
            { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3999 },
            { type: 'vxlan', first: 70_000, last: 70_999 },
          ],
          project_share: 0.5,
        },
      });
      closers.push(() => front.stop());
      say('taas-server is ready');
      const nodes = new Map<string, NeighbourNode>();
      for (const [n, [name, vpp]] of [...vpps].entries()) {
        const agent = await ourAgent(join(directory, name), name, n, vpp, url);
        closers.push(() => agent.stop());
        await agent.start();
        const neighbour = neighbours.get(name);
        if (neighbour === undefined) throw new Error(`no agent of ${name}`);
        nodes.set(name, { name, vpp, neighbour, agent, vhostDirectory: join(directory, name, 'vhost') });
      }
      say('taas-agents are ready');
      const guests = await Guests.start(found.vpp, join(directory, 'guests'), found.testpmd, systemClock);
      closers.push(() => guests.stop());
      return new NeighbourCloud(directory, lab, front, etcd, guests, nodes, closers);
    } catch (error) {
      for (const close of closers.toReversed()) await close();
      throw error;
    }
  }

  node(name: string): NeighbourNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new RangeError(`there is no node ${name}`);
    return node;
  }

  get allNodes(): readonly NeighbourNode[] {
    return [...this.nodes.values()];
  }

  /** Prints, when it is called, what all programs have said from now on. */
  logsFrom(): () => void {
    const marks = [this.directory, this.lab.directory].map((folder) => ({ folder, mark: markLogs(folder) }));
    return () => {
      for (const { folder, mark } of marks) console.log(logsSince(folder, mark));
    };
  }

  async stop(): Promise<void> {
    this.cli.stop();
    for (const close of this.closers.toReversed()) await close();
  }
}

/** Two VPPs with two wires between them: the first for VLANs and tunnels, the second for a flat network. */
async function startVpps(
  found: NetworkingVpp,
  directory: string,
  closers: (() => Promise<unknown>)[],
): Promise<ReadonlyMap<string, NodeVpp>> {
  const sockets = [join(directory, 'wire-1.sock'), join(directory, 'wire-2.sock')] as const;
  const vpps = new Map<string, NodeVpp>();
  for (const [n, name] of nodeNames.entries()) {
    const role = n === 0 ? 'master' : 'slave';
    const wires: readonly Wire[] = [
      { socket: sockets[0], role, address: `10.99.0.${n + 1}/24` },
      { socket: sockets[1], role },
    ];
    const folder = join(directory, name, 'vpp');
    mkdirSync(folder, { recursive: true });
    const vpp = new NodeVpp(found.vpp, folder, name, [found.apiFiles], wires, systemClock);
    closers.push(() => vpp.kill());
    await vpp.start();
    vpps.set(name, vpp);
  }
  return vpps;
}

async function ourAgent(
  directory: string,
  name: string,
  n: number,
  vpp: NodeVpp,
  etcdUrl: string,
): Promise<ServiceProcess> {
  const healthPort = await freePort();
  const place = { node: name, n, apiSocket: vpp.apiSocket, apiFolders: vpp.apiFolders, healthPort };
  return taasProgram({
    ...{ program: 'taas-agent', directory, healthPort },
    config: agentConfig(
      { agent: { lease_ttl_s: 5, statistics: { state_file: join(directory, 'statistics.json') } } },
      { ...place, endpoints: [etcdUrl] },
    ),
  });
}
