// How long the bundled command takes: `npm run bench:cli`. Keystone and the API are stand-ins in this process, which answer at once.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const command = fileURLToPath(new URL('dist/taas.mjs', import.meta.url));
const runs = 21;

const state = { status: 'ACTIVE', status_code: 'ok', status_reason: '' };
const tapFlows = Array.from({ length: 1_000 }, (_, n) => ({
  ...{ id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, name: `flow-${n}`, project_id: 'p', ...state },
  ...{ source_port: 'port', tap_service_id: 'service', direction: 'BOTH', vlan_filter: null, filter_rules: [] },
}));
const list = JSON.stringify({ tap_flows: tapFlows });
let serverMs = 0;

const server = createServer((request, response) => {
  const from = performance.now();
  request.resume().on('end', () => {
    const { port } = server.address();
    const endpoints = [{ interface: 'public', region: 'r', url: `http://127.0.0.1:${port}` }];
    const token = { expires_at: '2100-01-01T00:00:00Z', catalog: [{ type: 'network', endpoints }] };
    const isLogin = request.method === 'POST';
    response.writeHead(isLogin ? 201 : 200, isLogin ? { 'x-subject-token': 'token' } : {});
    response.end(isLogin ? JSON.stringify({ token }) : list, () => (serverMs += performance.now() - from));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const auth = { OS_AUTH_URL: `http://127.0.0.1:${server.address().port}`, OS_USERNAME: 'u', OS_PASSWORD: 'p' };
const env = { PATH: process.env.PATH, HOME: '/nonexistent', ...auth };
for (const [name, ...words] of [
  ['node alone', '-e', '0'],
  ['taas --help', command, '--help'],
  ['taas list flows, 1,000 of them, with a login', command, 'list', 'flows'],
]) {
  const times = [];
  for (let n = 0; n < runs; n += 1) {
    serverMs = 0;
    const from = performance.now();
    await run(process.execPath, words, { env, maxBuffer: 1 << 26 });
    times.push(performance.now() - from - serverMs);
  }
  times.sort((a, b) => a - b);
  const at = (share) => `${Math.round(times[Math.floor(share * (runs - 1))])} ms`;
  process.stdout.write(
    `${name}: median ${at(0.5)}, fastest ${at(0)}, slowest ${at(1)} (load ${loadavg()[0].toFixed(1)})\n`,
  );
}
server.close();
