import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { development, sendTo, taas } from '../testing/recording-host.suite.js';
import { extcapConfig, extcapDlts, extcapInterfaces, extcapProgram } from './extcap-text.js';

const id = '00000000-0000-4000-8000-000000000001';
const capture = '00000000-0000-4000-8000-0000000000ca';
const program = join(import.meta.dirname, '../../bin/taas.js');

/** A section, an interface and a packet of 60 bytes. */
const pcapng = Buffer.from(
  '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000' +
    '0100000014000000010000000000000014000000'.slice(0, 40) +
    `060000005c000000${'00000000'.repeat(3)}3c0000003c000000${'02'.repeat(12)}88b5${'00'.repeat(46)}5c000000`,
  'hex',
);

let home: string;
let server: Server;
let wish: Record<string, unknown> = {};
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'taas-extcap-'));
  server = createServer((request, response) => {
    const shown = {
      id: capture,
      status: 'ACTIVE',
      status_reason: '',
      counted: { delivered: 1, dropped: 0, kernel_dropped: 0 },
    };
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        wish = JSON.parse(body).capture;
        response.writeHead(201).end(JSON.stringify({ capture: shown }));
      });
    } else if (request.url?.endsWith('/stream')) response.writeHead(200).end(pcapng);
    else if (request.method === 'DELETE') response.writeHead(204).end();
    else response.end(JSON.stringify({ capture: shown }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

function put(path: string, content: string, mode = 0o600): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** As `taas extcap install` leaves it. */
function install(): string {
  const answers = join(home, "it's a folder");
  put(join(answers, 'interfaces'), extcapInterfaces('1.0'));
  put(join(answers, 'dlts'), extcapDlts);
  put(join(answers, 'config'), extcapConfig([{ id, name: 'web {1}' }]));
  const path = join(home, '.config/wireshark/extcap/taas');
  put(path, extcapProgram([process.execPath, program], answers), 0o700);
  return path;
}

const env = () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const cloud = { OS_AUTH_TYPE: 'none', OS_PROJECT_ID: 'acme', OS_ENDPOINT: `http://127.0.0.1:${port}` };
  return { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: join(home, '.config'), ...cloud };
};

describe("Wireshark's list of interfaces", () => {
  it('is answered by files, without a network, and what is not known is refused', () => {
    const path = install();
    const ask = (...words: string[]) => execFileSync(path, words, { env: { PATH: process.env['PATH'] } }).toString();
    expect(ask('--extcap-interfaces', '--extcap-version=4.0')).toBe(extcapInterfaces('1.0'));
    expect(ask('--extcap-config', '--extcap-interface', 'taas')).toContain(
      `value {arg=0}{value=${id}}{display=web _1_ (${id})}`,
    );
    expect(ask('--extcap-dlts', '--extcap-interface', 'taas')).toBe(extcapDlts);
    expect(() => execFileSync(path, ['--what'], { stdio: 'ignore' })).toThrow();
  });

  it('has us in it, and captures a port with what was chosen, in a real tshark', { timeout: 120_000 }, async () => {
    install();
    const run = (...words: string[]) => promisify(execFile)('tshark', words, { env: env() });
    expect((await run('-D')).stdout).toMatch(/taas \(Tap as a Service: frames of a port\)/);
    const chosen = { port: id, direction: 'IN', bpf: 'udp', seconds: '30' };
    const options = Object.entries(chosen).flatMap(([name, value]) => ['-o', `extcap.taas.${name}:${value}`]);
    const { stdout } = await run('-i', 'taas', ...options, '-T', 'fields', '-e', 'eth.type', '-c', '1');
    expect(stdout.trim()).toBe('0x88b5');
    expect(wish).toMatchObject({ source_ports: [id], direction: 'IN', bpf: '(udp)', seconds: 30 });
  });
});

describe('taas extcap install', () => {
  const run = (ports: unknown[] | null, ...words: string[]) => {
    const send = sendTo(() => (ports === null ? { status: 404, json: {} } : { json: { ports } }));
    return taas({ env: development, send }, 'extcap', 'install', ...words);
  };

  it('writes the ports that there are, names and all, so that nothing of them is a command or another line', async () => {
    const evil = "x}{value=1}'; rm -rf \n/";
    expect(
      (
        await run([
          { id, name: evil },
          { id: '../x', name: 'y' },
        ])
      ).err,
    ).toContain('with 1 ports');
    const lines = extcapConfig([{ id, name: evil }])
      .split('\n')
      .filter((line) => line.startsWith('value {arg=0}'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/\{value=1\}/);
    expect(extcapProgram(['taas', '--os-cloud', "a'; rm -rf /'"], '/x')).toContain(`'a'\\''; rm -rf /'\\'''`);
  });

  it('has an id typed where ports have no names', async () => {
    expect((await run(null)).err).toContain('with 0 ports');
    expect(extcapConfig([])).toContain('{call=--port}{display=Port}{type=string}{required=true}');
  });
});
