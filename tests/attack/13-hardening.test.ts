import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@taas/lab';
import { systemClock } from '@taas/service';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSimulator, type Simulator } from 'vpp-sim';

const root = fileURLToPath(new URL('../../', import.meta.url));
const unit = (name: string): string => readFileSync(join(root, 'deploy', name), 'utf8');
const bin = (program: string): string => join(root, 'packages', program.replace('taas-', ''), 'bin', `${program}.js`);
const units = ['taas-server.service', 'taas-agent.service'];

/** Whether a tool of this machine is there. */
function has(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Puts the filter of a unit around a program; needs python3-seccomp and systemd's own list of what is in its groups. */
const withFilter = ['/usr/bin/python3', join(root, 'tests/attack/with-filter.py')];
const canFilter = has('systemd-analyze') && runs('/usr/bin/python3', ['-c', 'import seccomp']);

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe('the systemd units', () => {
  /** All that both need, and what would be missed most if somebody took it away. */
  const demanded = {
    User: 'taas',
    CapabilityBoundingSet: '',
    AmbientCapabilities: '',
    NoNewPrivileges: 'yes',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    PrivateDevices: 'yes',
    ProtectProc: 'invisible',
    ProtectKernelTunables: 'yes',
    ProtectKernelModules: 'yes',
    RestrictNamespaces: 'yes',
    RestrictSUIDSGID: 'yes',
    LockPersonality: 'yes',
    SystemCallArchitectures: 'native',
    ExecReload: '/bin/kill -HUP $MAINPID',
  };
  const directives = (text: string): Map<string, string[]> => {
    const found = new Map<string, string[]>();
    for (const line of text.split('\n')) {
      const [, name, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) found.set(name, [...(found.get(name) ?? []), value]);
    }
    return found;
  };

  it('the server may write where the how-to has the audit trail', () => {
    const howTo = readFileSync(join(root, 'docs/how-to/keep-the-audit-trail.md'), 'utf8');
    const file = /^ *file: (\S+)/m.exec(howTo)?.[1] ?? '';
    const folder = directives(unit('taas-server.service')).get('LogsDirectory')?.join();
    expect(file).toBe(`/var/log/${folder}/audit.log`);
  });

  it.each(units)('%s takes away what the program does not need', (name) => {
    const found = directives(unit(name));
    expect(Object.fromEntries(Object.keys(demanded).map((key) => [key, found.get(key)?.join()]))).toEqual(demanded);
    expect(found.get('SystemCallFilter')).toEqual(['@system-service @pkey', '~@privileged @resources']);
    // The agent's lock is an abstract socket of the host's network; no JavaScript engine starts without writable code.
    expect(found.has('PrivateNetwork')).toBe(false);
    expect(found.has('MemoryDenyWriteExecute')).toBe(false);
  });

  it.skipIf(!has('systemd-analyze'))(
    'are at most 3.0 exposed by systemd-analyze (not run where that is not installed); 8 without it all (control)',
    () => {
      const exposure = (file: string): number => {
        const args = ['security', '--offline=true', '--no-pager', file];
        const said = execFileSync('systemd-analyze', args, { encoding: 'utf8' });
        return Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
      };
      const folder = mkdtempSync(join(tmpdir(), 'taas-unit-'));
      try {
        for (const name of units) {
          expect(exposure(join(root, 'deploy', name))).toBeLessThanOrEqual(3);
          const bare = unit(name).replace(/^(?!Exec|\[|Description|Wants|After)[A-Za-z]+=.*$/gm, '');
          writeFileSync(join(folder, name), bare);
          expect(exposure(join(folder, name))).toBeGreaterThan(8);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

// Only root can become another user and take the rights away.
describe.skipIf(process.getuid?.() !== 0 || !has('setpriv') || !has('unshare'))(
  'the programs, started as the units start them: another user, no capability, nothing to write to',
  () => {
    const nobody = 65_534;
    const vppGroup = 64_123;
    let folder: string;
    let etcd: EtcdProcess;
    let simulator: Simulator;
    const running: ChildProcess[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'taas-hard-'));
      chmodSync(folder, 0o755);
      etcd = await launchEtcd({ clock: systemClock });
      simulator = await createSimulator({ socketPath: join(folder, 'api.sock'), name: 'node-1' });
      // As VPP does for its group.
      chownSync(join(folder, 'api.sock'), 0, vppGroup);
      chmodSync(join(folder, 'api.sock'), 0o770);
    });
    afterEach(async () => {
      for (const child of running.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }
    });
    afterAll(async () => {
      await simulator?.stop();
      await etcd?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** @returns its URL of health, what it has said, and how it ended, if it has */
    async function start(
      program: 'taas-server' | 'taas-agent',
      config: object,
      { groups = '', unitFile = join(root, 'deploy', `${program}.service`) } = {},
    ) {
      const port = await freePort();
      const file = join(folder, `${program}.yaml`);
      writeFileSync(file, JSON.stringify({ ...config, health: { port } }));
      chmodSync(file, 0o644);
      const readOnly = 'mount --make-rprivate / && mount -o remount,bind,ro / && exec "$@"';
      const rights = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', '--reset-env'];
      const who = [`--reuid=${nobody}`, `--regid=${nobody}`, groups === '' ? '--clear-groups' : `--groups=${groups}`];
      const filter = canFilter ? [...withFilter, unitFile] : [];
      const command = ['setpriv', ...who, ...rights, ...filter, process.execPath, bin(program), '--config', file];
      const child = spawn('unshare', ['--mount', 'sh', '-c', readOnly, 'sh', ...command], { stdio: 'pipe' });
      running.push(child);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (data: Buffer) => (said += data.toString()));
      const state = async () => {
        try {
          const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
          return (await answer.json()) as { readonly ok: boolean; readonly vpp?: boolean; readonly store?: boolean };
        } catch {
          return null;
        }
      };
      return { child, state, said: () => said };
    }
    type Started = Awaited<ReturnType<typeof start>>;

    async function until({ child, said }: Started, condition: () => Promise<boolean>): Promise<void> {
      const deadline = systemClock.monotonic() + 20_000;
      while (!(await condition())) {
        if (child.exitCode !== null || systemClock.monotonic() > deadline)
          throw new Error(`not so, and the program says (exit ${child.exitCode}): ${said().slice(-2_000)}`);
        await systemClock.sleep(50);
      }
    }
    const ready = (started: Started) => until(started, async () => (await started.state())?.ok === true);
    const withoutRights = ({ child }: Started): void => {
      // The shell and setpriv have become the program.
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      expect(status).toMatch(/^CapEff:\s*0+$/m);
      expect(status).toMatch(/^CapBnd:\s*0+$/m);
      expect(status).toMatch(new RegExp(`^Uid:\\s*${nobody}\\s`, 'm'));
      // 2: under a filter of system calls.
      expect(status).toMatch(canFilter ? /^Seccomp:\s*2$/m : /^Seccomp:\s*0$/m);
    };

    it.skipIf(!canFilter)(
      'the filter bites (control; not run without python3-seccomp): with one that allows less, neither program starts',
      async () => {
        for (const program of ['taas-server', 'taas-agent'] as const) {
          const unitFile = join(folder, `less-${program}.service`);
          writeFileSync(unitFile, `${unit(`${program}.service`)}\nSystemCallFilter=~@io-event\n`);
          chmodSync(unitFile, 0o644);
          const { child, said } = await start(program, {}, { unitFile });
          const ended = await new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
          expect([program, ended, said()]).not.toEqual([program, 0, expect.anything()]);
          expect(said()).not.toContain('"listening"');
        }
      },
    );

    it('the server serves', async () => {
      const listen = { port: await freePort() };
      const common = {
        listen,
        etcd: { endpoints: [etcd.endpoint], allow_unprotected: true },
        networking_vpp: { bindings: 'etcd-v3' },
      };
      const started = await start('taas-server', { ...common, auth: { mode: 'development' } });
      await ready(started);
      withoutRights(started);
      const url = `http://127.0.0.1:${listen.port}/v2.0/taas/tap_services`;
      expect((await fetch(url, { headers: { 'x-project-id': 'acme' } })).status).toBe(200);
    });

    it("the agent works on VPP as a member of VPP's group, and not without that (control)", async () => {
      const config = {
        ...{ node: 'node-1', etcd: { endpoints: [etcd.endpoint], allow_unprotected: true } },
        vpp: { api_socket: join(folder, 'api.sock') },
      };
      const stranger = await start('taas-agent', config);
      await until(stranger, async () => stranger.said().includes('permission denied'));
      expect((await stranger.state())?.vpp).toBe(false);
      running.splice(0)[0]?.kill('SIGKILL');
      const member = await start('taas-agent', config, { groups: String(vppGroup) });
      await ready(member);
      withoutRights(member);
    });
  },
);

describe('secrets and where they go', () => {
  /** Runs a program that must end by itself. */
  const outcome = (program: string, config: object) => {
    const folder = mkdtempSync(join(tmpdir(), 'taas-secrets-'));
    const file = join(folder, 'taas.yaml');
    writeFileSync(file, JSON.stringify(config));
    return new Promise<{ code: number | null; said: string }>((resolve) => {
      const child = spawn(process.execPath, [bin(program), '--config', file], { stdio: 'pipe', timeout: 20_000 });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
      child.once('exit', (code) => {
        rmSync(folder, { recursive: true });
        resolve({ code, said });
      });
      // One that does start has said so in its log.
      child.stdout.once('data', () => child.kill('SIGTERM'));
    });
  };

  it('a password that others can read is refused with its mode; the command in the message mends it (control)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taas-password-'));
    const password = join(folder, 'password');
    writeFileSync(password, 'hush-hush\n');
    chmodSync(password, 0o644);
    const etcd = { endpoints: ['http://127.0.0.1:1'], user: 'taas', password_file: password };
    const health = { port: 0 };
    const agent = { node: 'n', health, etcd, vpp: { api_socket: join(folder, 'none.sock') } };
    const server = { listen: { port: 0 }, health, etcd, networking_vpp: { bindings: 'etcd-v3' } };
    try {
      for (const [program, config] of [['taas-agent', agent] as const, ['taas-server', server] as const]) {
        chmodSync(password, 0o644);
        const refused = await outcome(program, config);
        expect(refused).toMatchObject({ code: 2, said: expect.stringMatching(/etcd\.password_file.*mode 0644/) });
        expect(refused.said).not.toContain('hush-hush');
        const mend = /mend it with: (chmod \S+ \S+)/.exec(refused.said)?.[1] ?? '';
        execFileSync('sh', ['-c', mend]);
        expect(await outcome(program, config)).toMatchObject({ code: 0 });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('no program sends a password in the clear', async () => {
    const etcd = { endpoints: ['http://192.0.2.1:2379'], user: 'taas', password_file: '/none' };
    const clear = /password would go to http:\/\/192\.0\.2\.1:2379 in the clear/;
    for (const [program, config] of [
      ['taas-agent', { node: 'n', etcd }],
      ['taas-server', { etcd }],
      ['taas-server', { networking_vpp: { etcd } }],
    ] as const)
      expect(await outcome(program, config)).toMatchObject({ code: 2, said: expect.stringMatching(clear) });
    const keystone = { url: 'http://192.0.2.1:5000/v3', user_name: 'taas', password_file: '/none' };
    expect(await outcome('taas-server', { auth: { mode: 'keystone', keystone } })).toMatchObject({
      ...{ code: 2, said: expect.stringMatching(/auth\.keystone\.url.*in the clear/) },
    });
  });
});
