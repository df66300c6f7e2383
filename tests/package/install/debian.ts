import { type ExecFileSyncOptions, execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Suite = 'bookworm' | 'trixie';

export interface Outcome {
  readonly status: number;
  /** What it has written, both streams as they came. */
  readonly output: string;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../../node_modules/.cache/taas-debian/', import.meta.url));
/** What a machine has on which somebody installs; etcd and curl are there because the tests have no network inside. */
const packages = [
  ...['systemd', 'etcd-server', 'etcd-client', 'ca-certificates', 'curl'],
  ...['iproute2', 'iputils-ping', 'tcpdump'],
];

/** What another test needs besides. */
export interface Besides {
  /** Names the kind of Debian in the cache. */
  readonly kind: string;
  readonly installed: readonly string[];
  /** Lie in apt's cache, so that it can install them without a network. */
  readonly downloaded: readonly string[];
}

/**
 * A Debian in a folder. Programs in it see no network but a loopback of their own and no process but theirs; systemctl is a stand-in,
 * since no systemd runs there.
 */
export class Debian {
  private constructor(readonly root: string) {}

  /** A fresh one. The first of a suite takes minutes, and the mirror of Debian. */
  static make(suite: Suite, besides?: Besides): Debian {
    const root = mkdtempSync(join(tmpdir(), `taas-${suite}-`));
    execFileSync('cp', ['-a', `${bootstrapped(suite, besides)}/.`, root]);
    const debian = new Debian(root);
    // dpkg's own PATH is not ours to change.
    execFileSync('dpkg-divert', [`--root=${root}`, '--local', '--rename', '--add', '/usr/bin/systemctl'], {
      stdio: 'pipe',
    });
    copyFileSync(join(here, 'systemctl.sh'), debian.at('/usr/bin/systemctl'));
    chmodSync(debian.at('/usr/bin/systemctl'), 0o755);
    for (const folder of ['/run/vpp', '/run/systemd/system', '/etc/systemd/system/multi-user.target.wants'])
      mkdirSync(debian.at(folder), { recursive: true });
    debian.write('/etc/hosts', '127.0.0.1 localhost\n');
    // As VPP's packages do it.
    execFileSync('chroot', [root, 'groupadd', '--system', 'vpp']);
    return debian;
  }

  /** A path in it, as this machine names it. */
  at(path: string): string {
    return join(this.root, path);
  }

  write(path: string, content: string): void {
    writeFileSync(this.at(path), content);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** A link counts, wherever it leads. */
  exists(path: string): boolean {
    return lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** The number of a group. */
  group(name: string): number {
    return Number(new RegExp(`^${name}:[^:]*:(\\d+):`, 'm').exec(this.read('/etc/group'))?.[1]);
  }

  /**
   * Runs a script by bash, as root in /root. Whatever it has started ends with it.
   * @param beside a command of this machine that runs meanwhile, on the same network
   */
  run(script: string, beside = ':'): Promise<Outcome> {
    this.write('/root/script', script);
    const { root } = this;
    const inside = [
      `(${beside}) >"$0/root/beside.log" 2>&1 &`,
      'ip link set lo up && mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" &&',
      'exec chroot "$0" env -i HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'sh -c "cd /root && exec bash script 2>&1"',
    ].join(' ');
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child'];
    return new Promise((resolve) => {
      const options = { encoding: 'utf8', timeout: 900_000, maxBuffer: 1 << 26 } as const;
      const child = execFile('unshare', [...namespaces, 'sh', '-c', inside, root], options, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : (child.exitCode ?? 1), output: `${stderr}${stdout}` });
      });
    });
  }

  /** As {@link run}. @returns its output @throws Error with it unless it succeeds */
  async must(script: string): Promise<string> {
    const { status, output } = await this.run(`set -e\n${script}`);
    if (status !== 0) throw new Error(`exit code ${status}: ${output.slice(-4_000)}`);
    return output;
  }

  /**
   * All that a package may leave behind: files with their modes and owners, and the content of those in /etc, but for copies that
   * programs make of those before they change them. Not what dpkg, apt and the tests keep.
   */
  async everything(): Promise<string[]> {
    const listed = await this.must(`
      skip='-path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /root -o -path /run -o -path /var/log -o -path /var/cache'
      skip="$skip -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/etcd"
      find / \\( $skip \\) -prune -o -printf '%p %y %m %u %g %l\\n'
      find /etc -type f | sort | xargs md5sum`);
    return listed
      .split('\n')
      .filter((line) => !/\/etc\/(passwd-|group-|shadow-|gshadow-|\.pwd\.lock|subuid-|subgid-)/.test(line));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The folder of one that nothing was installed into; it is made but once. */
function bootstrapped(suite: Suite, besides?: Besides): string {
  const included = [...packages, ...(besides?.installed ?? [])].join(',');
  const contents = createHash('sha256').update(included).digest('hex').slice(0, 8);
  const made = join(cache, [suite, ...(besides === undefined ? [] : [besides.kind]), contents].join('-'));
  if (existsSync(made)) return made;
  const half = `${made}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const mirror = process.env['TAAS_DEBIAN_MIRROR'] ?? 'http://deb.debian.org/debian';
  const options: ExecFileSyncOptions = { stdio: ['ignore', 'pipe', 'pipe'], timeout: 1_200_000, maxBuffer: 1 << 26 };
  execFileSync('debootstrap', ['--variant=minbase', `--include=${included}`, suite, half, mirror], options);
  if (besides !== undefined) {
    const keep = join(half, 'etc/apt/apt.conf.d/keep');
    writeFileSync(keep, 'Binary::apt::APT::Keep-Downloaded-Packages "true";\n');
    execFileSync('chroot', [half, 'apt-get', 'update'], options);
    const download = ['apt-get', 'install', '-y', '--download-only', '--no-install-recommends', ...besides.downloaded];
    execFileSync('chroot', [half, ...download], options);
  }
  renameSync(half, made);
  return made;
}
