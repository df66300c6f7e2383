import { dirname, join } from 'node:path';
import { makeMemif, type VppBinary, VppProcess } from '@taas/lab';
import type { Clock } from '@taas/service';
import { connect, labMessages, type VppClient } from 'vpp-api';

/** One end of a wire between two nodes. */
export interface Wire {
  readonly socket: string;
  readonly role: 'master' | 'slave';
  /** For tunnels, with its prefix length; none: a wire without addresses. */
  readonly address?: string;
}

export interface Interface {
  readonly sw_if_index: number;
  readonly sup_sw_if_index: number;
  readonly interface_name: string;
  readonly tag: string;
  readonly flags: number;
}

/** What networking-vpp uses besides what the lab has in any case. */
const plugins = ['lisp', 'nat', 'nat44_ei', 'tap', 'linux_cp'];
const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;

/** A compute node's VPP, with wires to the others and nothing else: networking-vpp's agent makes and tags all that is in it. */
export class NodeVpp {
  readonly #process: VppProcess;
  #client: VppClient<typeof labMessages> | undefined;

  constructor(
    private readonly binary: VppBinary,
    readonly directory: string,
    readonly name: string,
    readonly apiFolders: readonly string[],
    private readonly wires: readonly Wire[],
    clock: Clock,
  ) {
    this.#process = new VppProcess(binary, directory, name, clock, { plugins });
  }

  get apiSocket(): string {
    return this.#process.apiSocket;
  }

  get description(): string {
    return `vpp ${this.binary.version} (${dirname(dirname(this.binary.path))})`;
  }

  get pluginFolder(): string {
    return join(dirname(dirname(this.binary.path)), 'lib');
  }

  async start(): Promise<void> {
    await this.#process.start();
    this.#client = await connect({
      ...{ socketPath: this.apiSocket, clientName: 'lab', messages: labMessages },
      apiFolders: { folders: this.apiFolders },
    });
    for (const [index, wire] of this.wires.entries()) {
      const name = await makeMemif(this.client, (command) => this.cli(command), index, wire);
      if (wire.address !== undefined) await this.cli(`set interface ip address ${name} ${wire.address}`);
    }
  }

  /** The interface at this node's end of the n-th wire. */
  wireName(index: number): string {
    return `memif${index + 1}/0`;
  }

  async kill(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
    await this.#process.kill();
  }

  async interfaces(): Promise<readonly Interface[]> {
    return this.client.dump('sw_interface_dump', all);
  }

  /** The interface of a port, by the tag that networking-vpp's agent gives it. */
  async port(id: string): Promise<Interface | undefined> {
    return (await this.interfaces()).find(({ tag }) => tag === `net-vpp.port:${id}`);
  }

  /** What VPP prints for a command. */
  async cli(command: string): Promise<string> {
    try {
      return (await this.client.request('cli_inband', { cmd: command })).reply;
    } catch (cause) {
      throw new Error(`the VPP of ${this.name} refused "${command}"`, { cause });
    }
  }

  private get client(): VppClient<typeof labMessages> {
    if (this.#client === undefined) throw new Error(`the VPP of ${this.name} does not run`);
    return this.#client;
  }
}
