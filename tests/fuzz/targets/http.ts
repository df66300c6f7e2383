import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { TokenPort } from '@taas/lab';
import { Stack, uuid } from '../../attack/stack.js';
import { Finding, type FuzzTarget } from '../fuzz-target.js';

const port = uuid(1);

function request(line: string, body = '', ...headers: readonly string[]): Uint8Array {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`, 'Content-Type: application/json'];
  const head = [`${line} HTTP/1.1`, 'Host: network', 'X-Auth-Token: tok-acme-member', ...length, ...headers];
  return new TextEncoder().encode(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const chunked = 'Transfer-Encoding: chunked';
const corpus = [
  request('GET /v2.0/taas/tap_services?fields=id&fields=name&sort_key=name&sort_dir=asc&limit=2&marker=x'),
  request('GET /v2.0/taas/tap_flows?name=a&name=b&page_reverse=True'),
  request(`GET /v2.0/taas/tap_flows/${port}`),
  request('POST /v2.0/taas/tap_services', `{"tap_service":{"port_id":"${port}","name":"n"}}`),
  request(
    'POST /v2.0/taas/tap_flows',
    `{"tap_flows":[{"source_port":"${port}","direction":"IN","vlan_filter":"1-3"}]}`,
  ),
  request(
    'POST /v2.0/taas/tap_mirrors',
    `{"tap_mirror":{"port_id":"${port}","mirror_type":"gre","remote_ip":"198.51.100.1","directions":{"IN":"1"}}}`,
  ),
  request(`PUT /v2.0/taas/tap_services/${port}`, '{"tap_service":{"description":"d"}}'),
  request(`DELETE /v2.0/taas/tap_services/${port}`),
  request('POST /v2.0/networks', `2\r\n{}\r\n0\r\n\r\n`, chunked),
  request('GET /v2.0/networks?shared=True'),
  request('GET /v2.0/extensions'),
  request('OPTIONS *'),
  request('GET /v2.0/quotas/acme'),
];

const dictionary = [
  ...[
    '\r\n',
    '\r\n\r\n',
    'Transfer-Encoding: chunked',
    'Content-Length: 0',
    'Content-Length: 99999999999',
    'Expect: 100-continue',
  ],
  ...[
    'Connection: upgrade',
    'Upgrade: websocket',
    'X-Auth-Token: tok-acme-member',
    'HTTP/1.0',
    'HTTP/2.0',
    '%00',
    '%2e%2e',
    '//',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    'null',
    'true',
    '1e999',
    '\\u0000',
    '\\ud800',
    '"__proto__":{}',
    '0\r\n\r\n',
    'ffffffff\r\n',
    ';',
  ],
  ...[
    '&sort_key=name',
    '&fields=',
    '&limit=-1',
    '&limit=99999999999999999999',
    '?',
    '/v2.0/taas/',
    '.json',
    '/v2.0/ports/',
  ],
];

/** How long an answer may take before the connection counts as left waiting, in milliseconds. */
const patienceMs = 300;

/** HTTP as it comes, to a real `taas-server` with a Keystone and a Neutron behind. */
export const http: FuzzTarget = {
  name: 'http',
  what: 'HTTP requests: framing, headers, queries and bodies',
  open: async () => {
    const ports = new Map<string, TokenPort>([[port, { project: 'acme', host: 'node-1' }]]);
    const config = { limits: { request_ms: 1000 }, tap_mirrors: { underlay_subnets: ['10.0.0.0/8'] } };
    const stack = await Stack.start({ ports, config });
    const { process } = stack.server(0);
    const [{ port: at }, healthz] = [new URL(stack.url), `${stack.server(0).health}/healthz`];
    return {
      corpus,
      dictionary,
      run: async (input) => {
        const answer = await exchange(Number(at), input);
        if (process.ended !== null)
          throw new Finding(`the server ended: ${process.ended}\n${stack.log().slice(-2000)}`);
        const health = await fetch(healthz, { signal: AbortSignal.timeout(1000) });
        await health.arrayBuffer();
        if (!health.ok) throw new Finding(`/healthz says ${health.status}`);
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
        if (status === undefined) return answer === '' ? 'no answer' : raise(`is answered ${answer.slice(0, 80)}`);
        // Of Neutron's own 5xx there is none here: its stand-in never fails.
        if (status.startsWith('5') && status !== '501' && status !== '505') throw new Finding(answer.slice(0, 1000));
        return `${status}: ${/"type": ?"(\w+)"/.exec(answer)?.[1] ?? ''}`;
      },
      memory: () => residentBytes(process.pid),
      close: () => stack.stop(),
    };
  },
};

function raise(why: string): never {
  throw new Finding(why);
}

/** Sends the bytes and resolves with what came back by the first answer's head, the end, or the end of patience. */
function exchange(at: number, input: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    // One in four leaves its side open, as somebody who says no more; the others end it, so that nobody waits.
    const say = () => (input.length % 4 === 0 ? socket.write(input) : socket.end(input));
    const socket = connect({ port: at, host: '127.0.0.1', allowHalfOpen: true }, say);
    let answer = '';
    const done = () => {
      clearTimeout(limit);
      socket.destroy();
      resolve(answer);
    };
    const limit = setTimeout(done, patienceMs);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n') && !answer.startsWith('HTTP/1.1 100')) done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

function residentBytes(pid: number | undefined): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}
