import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { freePort, ProgramProcess } from '@taas/lab';
import { createPolicy, defaultRules, loadPolicyFile, PolicyError, type RuleOverride } from '@taas/policy';
import { systemClock } from '@taas/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { makeCertificates } from '../integration/certificates.js';
import { Stack } from './stack.js';

/** What operators wrote to forbid, and what let everybody in. */
const bareBangs = {
  'an unquoted !': '"get_tap_flow": !\n',
  'a tag that reads like a rule': 'get_tap_flow: !role:blocked\n',
  'a lock-down': 'get_tap_flow: !nobody\ncreate_tap_flow: !\ndelete_tap_flow: !\ncreate_tap_mirror: !\n',
};
const guest = { project_id: 'other', roles: ['guest'] };

describe('a policy file that its author misreads', () => {
  it.each(Object.entries(bareBangs))('%s: refused, where it would have let a guest in (control)', (_what, text) => {
    expect(createPolicy({ defaults: defaultRules, overrides: naively(text) }).check('get_tap_flow', {}, guest)).toBe(
      true,
    );
    expect(() => loadPolicyFile(text)).toThrow(PolicyError);
  });

  /** What was done before: the values as the YAML library gives them, its warnings unheard. */
  function naively(text: string): RuleOverride[] {
    const rules = parseDocument(text).toJS() as Record<string, unknown>;
    return Object.entries(rules).map(([name, rule]) => ({ name, rule, source: 'naively' }));
  }
});

describe('files of running programs', () => {
  let stack: Stack;
  let folder: string;
  let server: ProgramProcess;
  let agent: ProgramProcess;
  let health: { readonly server: string; readonly agent: string };
  const at = (name: string) => join(folder, name);
  const readyz = async (which: 'server' | 'agent') => (await fetch(`${health[which]}/readyz`)).text();
  const log = (program: ProgramProcess) => readFileSync(program.logFile, 'utf8');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taas-policy-'));
    stack = await Stack.start({ servers: 0 });
    const certificates = makeCertificates(folder);
    mkdirSync(at('v1'));
    writeFileSync(at('v1/policy.yaml'), '# nothing yet\n');
    symlinkSync('v1', at('..data'));
    symlinkSync('..data/policy.yaml', at('policy.yaml'));
    writeFileSync(at('password'), 'secret\n', { mode: 0o600 });
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    health = { server: `http://127.0.0.1:${ports[1]}`, agent: `http://127.0.0.1:${ports[2]}` };
    const config = {
      listen: { port: ports[0] },
      health: { port: ports[1] },
      etcd: { endpoints: [stack.etcd.endpoint], allow_unprotected: true },
      auth: {
        mode: 'keystone',
        policy_file: at('policy.yaml'),
        keystone: { url: `${stack.keystone.url}/v3`, user_name: 'taas', password_file: at('password') },
      },
      neutron: { url: stack.neutron.url },
      networking_vpp: { bindings: 'neutron' },
    };
    const common = { directory: folder };
    server = new ProgramProcess(
      { ...common, name: 'server', program: 'taas-server', config, healthPort: ports[1] },
      systemClock,
    );
    const agentConfig = {
      ...{ node: 'node-1', vpp: { api_socket: at('no.sock') }, health: { port: ports[2] } },
      etcd: { endpoints: [stack.etcd.endpoint], allow_unprotected: true, ca_file: certificates.caFile },
    };
    agent = new ProgramProcess(
      { ...common, name: 'agent', program: 'taas-agent', config: agentConfig, healthPort: ports[2] },
      systemClock,
    );
    await Promise.all([server.start(), agent.start(false)]);
    stack.servers.push({ process: server, url: `http://127.0.0.1:${ports[0]}`, health: health.server });
  });
  afterAll(async () => {
    await Promise.all([server?.stop('SIGKILL'), agent?.stop('SIGKILL')]);
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a server does not start with a file that its author misreads, and says where', async () => {
    const folderOfIt = at('refused');
    mkdirSync(folderOfIt);
    for (const text of Object.values(bareBangs)) {
      writeFileSync(at('refused/policy.yaml'), `# ours\n${text}`);
      const refused = new ProgramProcess(
        {
          ...{ name: 'refused', program: 'taas-server', directory: folderOfIt, healthPort: await freePort() },
          config: { auth: { policy_file: at('refused/policy.yaml') } },
        },
        systemClock,
      );
      await expect(refused.start()).rejects.toThrow(/exit 2.*auth\.policy_file.*policy\.yaml line 2: "!.*YAML tag/s);
    }
  });

  it('a new policy counts without a restart, by the swap of a link; a bad one keeps the old, and is said', async () => {
    const swap = (version: string, text: string) => {
      mkdirSync(at(version));
      writeFileSync(at(`${version}/policy.yaml`), text);
      symlinkSync(version, at('..new'));
      renameSync(at('..new'), at('..data'));
    };
    swap('v2', 'create_tap_service: "!"\nget_tap_service: "!"\n');
    const body = { tap_service: { name: 'x', port_id: '00000000-0000-4000-8000-000000000001' } };
    const message = async () => (await stack.call('tok-acme-member', 'POST', '/v2.0/taas/tap_services', body)).text;
    await stack.until('the new policy forbids', async () => (await message()).includes('disallowed by policy'));

    swap('v3', 'create_tap_service: !\n');
    await stack.until('the bad one is said', async () => (await readyz('server')).includes('YAML tag'));
    expect(await message()).toContain('disallowed by policy');
    expect(log(server)).toMatch(/"level":"error".*the policy.*what was in use before stays in use/);

    swap('v4', 'create_tap_service: "@"\n');
    await stack.until('a good one counts', async () => !(await message()).includes('disallowed by policy'));
    expect(await readyz('server')).toContain('"refused":[]');
  });

  it('SIGHUP ends neither program, looks at once and says what it has found', async () => {
    for (const program of [server, agent]) {
      process.kill(program.pid ?? 0, 'SIGHUP');
      await stack.until('SIGHUP is logged', async () => log(program).includes('SIGHUP'));
      expect(program.ended).toBeNull();
    }
    writeFileSync(at('ca.pem'), 'garbage');
    const config = readFileSync(at('agent.yaml'), 'utf8').replace('"node-1"', '"node-2"');
    writeFileSync(at('agent.yaml'), config);
    process.kill(agent.pid ?? 0, 'SIGHUP');
    await stack.until('the agent says', async () => /etcd\.ca_file.*certificate in PEM/.test(await readyz('agent')));
    expect(await readyz('agent')).toContain('"restart_for":["node"]');
    expect(log(agent)).toMatch(/"options":\["node"\].*count from the next start/);
  });
});

describe('a certificate that is replaced', () => {
  it('is shown to the next who connects, and a key of another is not taken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taas-tls-'));
    const [first, second] = ['one', 'two'].map((name) => {
      mkdirSync(join(folder, name));
      return makeCertificates(join(folder, name));
    });
    if (!first || !second) throw new Error('two pairs');
    const [cert, key] = [join(folder, 'api.pem'), join(folder, 'api.key')];
    const install = (from: string, to: string) => {
      writeFileSync(`${to}.new`, readFileSync(from), { mode: 0o600 });
      renameSync(`${to}.new`, to);
    };
    install(first.certFile, cert);
    install(first.keyFile, key);
    const [port, healthPort] = [await freePort(), await freePort()];
    const listen = { port, tls_cert_file: cert, tls_key_file: key };
    const config = { listen, health: { port: healthPort }, etcd: { endpoints: ['http://127.0.0.1:1'] } };
    const spec = { name: 'tls', program: 'taas-server', directory: folder, config, healthPort } as const;
    const program = new ProgramProcess(spec, systemClock);
    const trusts = (ca: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(ca) });
        socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('secureConnect', () => socket.destroy());
      });
    const says = async (text: RegExp) => {
      const deadline = systemClock.monotonic() + 10_000;
      while (!text.test(await (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).text())) {
        if (systemClock.monotonic() > deadline) throw new Error(`/readyz does not say ${text}`);
        await systemClock.sleep(20);
      }
    };
    try {
      await program.start(false);
      expect(await trusts(first.caFile)).toBe(true);
      install(second.certFile, cert);
      await says(/is not the key of the certificate/);
      expect(await trusts(first.caFile)).toBe(true);
      install(second.keyFile, key);
      await says(/"refused":\[\]/);
      expect([await trusts(second.caFile), await trusts(first.caFile)]).toEqual([true, false]);
    } finally {
      await program.stop('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});
