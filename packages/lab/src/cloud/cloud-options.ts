import type { OpenReceiver, OpenSender, PageFiles } from '@taas/server';
import type { Clock, Logger } from '@taas/service';
import type { Store } from '@taas/store';
import type { EtcdProcessOptions } from '@taas/store/testing';
import type { Release } from 'vpp-sim';
import type { VppBinary, VppTuning } from '../vpp-process.js';
import type { TokenKeystoneOptions, TokenNeutronOptions, TokenPort } from './cloud-of-tokens.js';

/** Every node's switch: the simulator, or a real VPP. */
export type SwitchChoice = 'simulated' | VppBinary;

/** Where keys are: in this process, in a private etcd that is started so, or in etcds that run already. */
export type StoreChoice =
  | 'embedded'
  | { readonly etcd: Partial<EtcdProcessOptions> }
  | { readonly endpoints: readonly string[] };

/** Whether servers and agents are objects of this process, or the real programs as an operator runs them. */
export type ProcessChoice = 'in-process' | 'programs';

/**
 * Who says where a port is bound: records in etcd by its v3 API, networking-vpp's keys by etcd's v2 API, or a Neutron, with a
 * Keystone beside it (cloud-of-tokens.ts).
 */
export type BindingsChoice = 'records' | 'etcd-v2' | 'neutron';

export interface CloudOptions {
  /** A folder of the cloud's own: sockets, logs, configurations. Default: a temporary one, which `stop` removes. */
  readonly directory?: string;
  readonly nodes: readonly string[];
  readonly switch: SwitchChoice;
  /** As which release of VPP the simulators speak; default: the newest. */
  readonly release?: Release;
  /** Of real VPPs. */
  readonly tuning?: VppTuning;
  readonly store: StoreChoice;
  /** Default: in this process. Programs cannot share the embedded store. */
  readonly process?: ProcessChoice;
  /** Default: records. */
  readonly bindings?: BindingsChoice;
  /** `either`: VLAN is preferred. */
  readonly transport: 'vlan' | 'vxlan' | 'either';
  /** How many ids there are for links between nodes; default: many. */
  readonly segments?: number;
  /** The nodes' addresses for tunnels are of IPv6. */
  readonly ip6?: boolean;
  /** How many servers; default: one. */
  readonly servers?: number;
  /** Options of every server, over those that say where it is. Default: a large share of the segments for each project. */
  readonly server?: ServerOptions;
  /** Options of every agent, over those that say where it is. */
  readonly agent?: AgentOptions;
  /** The cloud that binds ports, where `bindings` says neutron. */
  readonly openstack?: {
    /** Neutron's ports by id, which may change at any time. */
    readonly ports?: Map<string, TokenPort>;
    readonly keystone?: TokenKeystoneOptions;
    readonly neutron?: TokenNeutronOptions;
  };
  readonly seams?: Seams;
  readonly clock: Clock;
  /** Parts in this process log to a child of it, with `program`: server-0, or the node's name. */
  readonly logger: Logger;
}

export interface ServerOptions {
  readonly listen?: { readonly port?: number; readonly [option: string]: unknown };
  readonly [option: string]: unknown;
}

export interface AgentOptions {
  readonly vpp?: object;
  readonly [option: string]: unknown;
}

/** Where a test can get between the parts. Each is used for what starts after it is given. */
export interface Seams {
  /** Endpoints that a program is given in place of etcd's own. */
  readonly etcd?: (program: string) => Promise<readonly string[]>;
  /** The socket that a node's agent is given in place of its switch's. */
  readonly switchSocket?: (node: string, apiSocket: string) => Promise<string>;
  /** For a program, besides the environment of this process. */
  readonly env?: (program: string) => Readonly<Record<string, string>>;
  /** The built checkout whose program is started, asked at each start. Default: this one. */
  readonly root?: (program: string) => string | undefined;
  /** What a server in this process has in place of its store. */
  readonly serverStore?: (store: Store) => Store;
  /** Where a server in this process receives the copies of captures. Default: a socket. */
  readonly openReceiver?: OpenReceiver;
  /** From where a server in this process sends receipts. Default: a socket. */
  readonly openSender?: OpenSender;
  /** The dashboard of a server in this process; none if absent. */
  readonly page?: PageFiles;
  /** Ids of what a server in this process makes. Default: random ones. */
  readonly newId?: () => string;
  /** Which errors end a reconcile pass of an agent in this process, other than as it is. */
  readonly endsPass?: (error: unknown) => boolean;
}

/** Why these choices do not go together, or null. */
export function contradiction({ store, process, bindings }: CloudOptions): string | null {
  if (process === 'programs' && store === 'embedded') return 'programs cannot share the embedded store: choose an etcd';
  if (bindings === 'etcd-v2' && process !== 'programs') return "etcd's v2 store is followed by programs alone";
  return null;
}
