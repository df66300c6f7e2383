import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { anyProcessor, type Capture, type Frame, type LabPort, RealSwitch, type VppBinary } from '@taas/lab';
import type { Clock } from '@taas/service';

/**
 * The insides of VMs. A VM's driver is DPDK's virtio driver on the port's vhost-user socket, which it opens as QEMU does; a
 * VPP of their own behind all drivers makes the frames that VMs send, and writes down those that they receive.
 */
export class Guests {
  readonly #running = new Set<Guest>();
  readonly #killWithUs = () => {
    for (const guest of this.#running) guest.kill();
  };
  #last = 0;

  private constructor(
    private readonly inside: RealSwitch,
    private readonly directory: string,
    private readonly testpmd: string,
    private readonly clock: Clock,
  ) {
    process.once('exit', this.#killWithUs);
  }

  static async start(vpp: VppBinary, directory: string, testpmd: string, clock: Clock): Promise<Guests> {
    mkdirSync(directory, { recursive: true });
    const inside = new RealSwitch(vpp, directory, 'guests', clock, { pollSleepMicroseconds: 500 });
    await inside.start();
    return new Guests(inside, directory, testpmd, clock);
  }

  /** A VM on a port's socket; resolves when its driver runs, which is when VPP has come to the socket. */
  async boot(socket: string, mac: string): Promise<Guest> {
    this.#last += 1;
    const port = await this.inside.addPort({ id: `guest-${this.#last}`, bridgeDomain: 1, tag: null });
    const memif = { id: this.#last, socket: join(this.directory, `guest-${this.#last}.sock`) };
    const cli = (command: string) => this.inside.cli(command);
    await cli(`create memif socket id ${memif.id} filename ${memif.socket}`);
    await cli(`create interface memif id 0 socket-id ${memif.id} master`);
    const name = `memif${memif.id}/0`;
    await cli(`set interface state ${name} up`);
    // Out of its bridge domain first: VPP leaves features of that on an interface that is cross-connected straight away.
    await this.inside.bridgePort(port, null);
    await cli(`set interface l2 xconnect ${name} ${this.inside.nameOf(port)}`);
    await cli(`set interface l2 xconnect ${this.inside.nameOf(port)} ${name}`);
    const driver = startDriver(this.testpmd, { socket, mac, memif: memif.socket, directory: this.directory });
    const guest = new Guest(this.inside, port, driver, name, () => this.#running.delete(guest));
    this.#running.add(guest);
    await guest.untilLinked(this.clock);
    driver.rest();
    return guest;
  }

  /** All VMs are gone. */
  async shutDown(): Promise<void> {
    for (const guest of [...this.#running]) await guest.shutDown();
  }

  async stop(): Promise<void> {
    process.off('exit', this.#killWithUs);
    await this.shutDown();
    await this.inside.stop();
  }
}

/** A VM that runs. */
export class Guest {
  constructor(
    private readonly inside: RealSwitch,
    private readonly port: LabPort,
    private readonly driver: Driver,
    private readonly memif: string,
    private readonly gone: () => void,
  ) {}

  send(frames: readonly Frame[]): Promise<void> {
    return this.inside.send(this.port, frames);
  }

  /** What it is given from now on. */
  capture(): Promise<Capture> {
    return this.inside.capture(this.port);
  }

  /** Frames that it has been given. */
  async received(): Promise<number> {
    return (await this.inside.counters()).get(this.port.swIfIndex)?.txPackets ?? 0;
  }

  /** Resolves when the driver has both ends. @throws Error with what it said if it ends, or after 40 s */
  async untilLinked(clock: Clock): Promise<void> {
    const deadline = clock.monotonic() + 40_000;
    while (!/^\s*flags .*\bconnected\b/m.test(await this.inside.cli(`show memif ${this.memif}`))) {
      if (this.driver.ended) throw new Error(`the VM's driver ended: ${this.driver.said()}`);
      if (clock.monotonic() > deadline) throw new Error(`the VM's driver does not come up: ${this.driver.said()}`);
      await clock.sleep(20);
    }
  }

  kill(): void {
    void this.driver.kill();
  }

  /** From one moment to the other. */
  async shutDown(): Promise<void> {
    await this.driver.kill();
    await this.inside.cli(`delete interface memif ${this.memif}`);
    await this.inside.removePort(this.port);
    this.gone();
  }
}

interface Driver {
  readonly ended: boolean;
  /** From now on it runs for a moment and is held for a longer one, in turns. */
  rest(): void;
  said(): string;
  kill(): Promise<void>;
}

interface DriverOptions {
  readonly socket: string;
  readonly mac: string;
  readonly memif: string;
  readonly directory: string;
}

/** Milliseconds: rings hold what comes meanwhile, many times over. */
const [atWork, atRest] = [2, 25];

/** A driver of DPDK never sleeps, and a few of them leave nothing of a machine to the rest: so it is held most of the time. */
function startDriver(testpmd: string, { socket, mac, memif, directory }: DriverOptions): Driver {
  rmSync(socket, { force: true });
  const devices = [
    ...['--vdev', `virtio_user0,path=${socket},mac=${mac},server=1,queue_size=1024`],
    ...['--vdev', `net_memif0,role=client,id=0,socket=${memif},socket-abstract=no`],
  ];
  const behaviour = [
    '--',
    '--total-num-mbufs=8192',
    '--forward-mode=io',
    '--auto-start',
    '--disable-link-check',
    '--rxd=1024',
    '--txd=1024',
  ];
  const prefix = ['--file-prefix', randomUUID()];
  const child: ChildProcess = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', testpmd, ...anyProcessor(), ...prefix, ...devices, ...behaviour],
    {
      env: { ...process.env, RUNTIME_DIRECTORY: directory },
    },
  );
  let output = '';
  const keep = (chunk: unknown) => {
    output = `${output}${String(chunk)}`.slice(-4_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('error', keep);
  child.stdin?.on('error', keep);
  let turns: NodeJS.Timeout | undefined;
  child.once('exit', () => clearInterval(turns));
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  return {
    get ended() {
      return ended();
    },
    rest: () => {
      turns = setInterval(() => {
        child.kill('SIGCONT');
        setTimeout(() => child.kill('SIGSTOP'), atWork);
      }, atWork + atRest);
    },
    said: () => output,
    kill: async () => {
      clearInterval(turns);
      if (ended()) return;
      await new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      });
    },
  };
}
