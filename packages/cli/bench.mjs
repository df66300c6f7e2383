// How long the bundled command takes: `npm run bench:cli`. Keystone and the API are stand-ins in this process, which answer at once.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const command = fileURLToPath(new URL('dist/taas.mjs', import.meta.url));
const runs = 21;
/** Of Wireshark's calls, each of a shell alone. */
const extcapRuns = 200;

const state = { status: 'ACTIVE', status_code: 'ok', status_reason: '' };
const tapFlows = Array.from({ length: 1_000 }, (_, n) => ({
  ...{ id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, name: `flow-${n}`, project_id: 'p', ...state },
  ...{ source_port: 'port', tap_service_id: 'service', direction: 'BOTH', vlan_filter: null, filter_rules: [] },
}));
const list = JSON.stringify({ tap_flows: tapFlows });
const ports = JSON.stringify({ ports: tapFlows.slice(0, 500).map(({ id, name }) => ({ id, name })) });
let serverMs = 0;

const server = createServer((request, response) => {
  const from = performance.now();
  request.resume().on('end', () => {
    const { port } = server.address();
    const endpoints = [{ interface: 'public', region: 'r', url: `http://127.0.0.1:${port}` }];
    const token = { expires_at: '2100-01-01T00:00:00Z', catalog: [{ type: 'network', endpoints }] };
    const isLogin = request.method === 'POST';
    response.writeHead(isLogin ? 201 : 200, isLogin ? { 'x-subject-token': 'token' } : {});
    const answer = isLogin ? JSON.stringify({ token }) : request.url.includes('/ports') ? ports : list;
    response.end(answer, () => (serverMs += performance.now() - from));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const auth = { OS_AUTH_URL: `http://127.0.0.1:${server.address().port}`, OS_USERNAME: 'u', OS_PASSWORD: 'p' };
const home = mkdtempSync(join(tmpdir(), 'taas-bench-cli-'));
const env = { PATH: process.env.PATH, HOME: home, ...auth };
const folder = join(home, 'extcap');
await run(process.execPath, [command, 'extcap', 'install', '--folder', folder], { env });
const wireshark = join(folder, 'taas');
for (const [name, times, program, ...words] of [
  ['node alone', runs, process.execPath, '-e', '0'],
  ['taas --help', runs, process.execPath, command, '--help'],
  ['taas list flows, 1,000 of them, with a login', runs, process.execPath, command, 'list', 'flows'],
  ["Wireshark's --extcap-interfaces", extcapRuns, wireshark, '--extcap-interfaces'],
  [
    "Wireshark's --extcap-config, 500 ports",
    ...[extcapRuns, wireshark, '--extcap-interface', 'taas', '--extcap-config'],
  ],
])
  await measure(name, times, program, words);
server.close();
rmSync(home, { recursive: true });

async function measure(name, times, program, words) {
  const took = [];
  for (let n = 0; n < times; n += 1) {
    serverMs = 0;
    const from = performance.now();
    await run(program, words, { env, maxBuffer: 1 << 26 });
    took.push(performance.now() - from - serverMs);
  }
  took.sort((a, b) => a - b);
  const at = (share) => `${Math.round(took[Math.ceil(share * times) - 1] ?? took[0])} ms`;
  process.stdout.write(
    `${name}: median ${at(0.5)}, fastest ${at(0)}, p99 ${at(0.99)}, slowest ${at(1)} (load ${loadavg()[0].toFixed(1)})\n`,
  );
}
