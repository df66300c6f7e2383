import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { Debian } from './debian.js';

const inside = 'env -i HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin';

/** A {@link Debian} that runs: what is started in it stays until it is stopped, and it has a network of its own. */
export class Machine {
  private constructor(
    readonly debian: Debian,
    /** Its first process, as this machine numbers it. */
    readonly pid: number,
    /** Runs what follows the folder of its Debian in it, as `chroot` would. */
    readonly enter: string,
    private readonly stopAll: () => Promise<void>,
  ) {}

  /** @param enter where the program that enters it is to lie */
  static async start(debian: Debian, enter: string): Promise<Machine> {
    // Its first process takes in what others leave behind.
    const first = 'echo up; while :; do sleep 3600 & wait; done';
    const script = [
      'ip link set lo up && mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" &&',
      `exec chroot "$0" ${inside} bash -c '${first}'`,
    ].join(' ');
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child'];
    const child = spawn('unshare', [...namespaces, 'sh', '-c', script, debian.root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout === null || child.pid === undefined) throw new Error('unshare cannot be run');
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the machine does not start'))),
    ]);
    const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
    writeFileSync(enter, `#!/bin/sh\nroot=$1\nshift\nexec ${namespaceOf(pid)} chroot "$root" ${inside} "$@"\n`);
    chmodSync(enter, 0o755);
    return new Machine(debian, pid, enter, async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    });
  }

  /** Lays a cable between two machines. */
  static connect(one: readonly [Machine, string], other: readonly [Machine, string]): void {
    const ip = ({ pid }: Machine, words: string): void => {
      execFileSync('nsenter', ['--target', `${pid}`, '--net', 'ip', ...words.split(' ')]);
    };
    ip(one[0], `link add eth0 type veth peer name eth0 netns ${other[0].pid}`);
    for (const [machine, address] of [one, other]) {
      ip(machine, `addr add ${address} dev eth0`);
      ip(machine, 'link set eth0 up');
    }
  }

  /** Runs a script by bash in it. @returns its output @throws Error with it unless it succeeds */
  must(script: string, timeout = 60_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const args = [this.debian.root, 'bash', '-c', `set -e; cd /root\n${script}`];
      execFile(this.enter, args, { encoding: 'utf8', timeout, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${error.message}: ${stdout}${stderr}`));
      });
    });
  }

  /** Ends all that runs in it; its files stay. */
  stop(): Promise<void> {
    return this.stopAll();
  }
}

const namespaceOf = (pid: number): string => `nsenter --target ${pid} --net --mount --pid`;
