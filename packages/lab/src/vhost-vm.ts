import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Clock } from '@taas/service';

/** DPDK's traffic program, which stands in for a VM; undefined if it is not on the PATH. */
export function findTestpmd(env: NodeJS.ProcessEnv): string | undefined {
  const candidates = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'dpdk-testpmd'));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export const testpmdInstallHint = 'Debian and Ubuntu: apt-get install dpdk-dev';

export interface VhostVmOptions {
  /** Path of `dpdk-testpmd`. */
  readonly testpmd: string;
  /** The vhost-user socket, which VPP has opened. */
  readonly socket: string;
  readonly mac: string;
}

/** What the VM's driver has counted since it was attached. */
export interface VhostVmCounters {
  readonly received: number;
  readonly sent: number;
}

/** Frames of a burst, the driver's usual number. */
export const burstSize = 32;

/** DPDK's arguments for a machine without hugepages and NICs: one thread for commands and one for frames, wherever the kernel puts them. */
export function anyProcessor(): readonly string[] {
  const everywhere = `(0-${availableParallelism() - 1})`;
  return ['--lcores', `0@${everywhere},1@${everywhere}`, '--no-huge', '-m', '128', '--no-pci', '--no-telemetry'];
}

/**
 * A VM on a vhost-user port: DPDK's virtio driver in a process of its own, without hugepages or a NIC. It takes what
 * comes and counts it, and sends when it is told. While it does either it keeps a core busy.
 */
export class VhostVm {
  #output = '';
  #complaints = '';
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly clock: Clock,
  ) {
    const complain = (chunk: unknown) => {
      this.#complaints = `${this.#complaints}${String(chunk)}`.slice(-2_000);
    };
    child.stdout?.on('data', (chunk: unknown) => {
      this.#output = `${this.#output}${String(chunk)}`.slice(-20_000);
    });
    child.stderr?.on('data', complain);
    child.once('error', (error) => {
      this.#failure = error;
    });
    // What is written to one that was killed is lost with it.
    child.stdin?.on('error', complain);
  }

  /**
   * Attaches a VM, which takes what comes from then on.
   * @throws Error with the end of what it said when it does not come up within 20 seconds
   */
  static async start({ testpmd, socket, mac }: VhostVmOptions, clock: Clock): Promise<VhostVm> {
    const device = ['--file-prefix', randomUUID(), '--vdev', `virtio_user0,path=${socket},mac=${mac}`];
    const behaviour = ['--', '-i', '--total-num-mbufs=4096', '--forward-mode=rxonly'];
    // Into a pipe the program would write only when it has much to say.
    const child = spawn('stdbuf', ['-oL', testpmd, ...anyProcessor(), ...device, ...behaviour], {
      // Where DPDK keeps its files.
      env: { ...process.env, RUNTIME_DIRECTORY: dirname(socket) },
    });
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => process.removeListener('exit', killWithUs));
    const vm = new VhostVm(child, clock);
    try {
      await vm.receive();
      return vm;
    } catch (error) {
      await vm.kill();
      throw error;
    }
  }

  /** Takes and counts what comes. */
  async receive(): Promise<void> {
    await this.tell('stop', 'set fwd rxonly', 'start');
  }

  /** Sends `bursts` times {@link burstSize} frames of 64 bytes, UDP to a MAC address that nobody has; then receives. */
  async send(bursts: number): Promise<void> {
    await this.tell('stop', 'set fwd rxonly', `start tx_first ${bursts}`);
  }

  /** Leaves what comes in the ring. */
  async ignore(): Promise<void> {
    await this.tell('stop');
  }

  async counters(): Promise<VhostVmCounters> {
    const [, received, sent] = /RX-packets:\s+(\d+)[\s\S]*TX-packets:\s+(\d+)/.exec(await this.tell()) ?? [];
    return { received: Number(received), sent: Number(sent) };
  }

  /** The VM is gone from one moment to the other. */
  async kill(): Promise<void> {
    if (this.ended) return;
    await new Promise<void>((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.kill('SIGKILL');
    });
  }

  private get ended(): boolean {
    return this.#failure !== undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Gives commands, and resolves with the statistics that it prints behind them. */
  private tell(...commands: readonly string[]): Promise<string> {
    const turn = this.#turn.then(async () => {
      this.#output = '';
      this.child.stdin?.write([...commands, 'show port stats 0', ''].join('\n'));
      return this.said(/RX-packets[\s\S]*Tx-bps[\s\S]*?#{20,}/, `an answer to ${commands.join(', ')}`);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  private async said(text: RegExp, what: string): Promise<string> {
    const deadline = this.clock.monotonic() + 20_000;
    for (;;) {
      const found = text.exec(this.#output)?.[0];
      if (found !== undefined) return found;
      const end = `${this.#output.slice(-2_000)}\n${this.#complaints}`;
      if (this.ended) throw new Error(`the VM's driver ended before ${what}: ${end}`, { cause: this.#failure });
      if (this.clock.monotonic() > deadline) throw new Error(`the VM's driver did not give ${what} in 20 s: ${end}`);
      await this.clock.sleep(10);
    }
  }
}
