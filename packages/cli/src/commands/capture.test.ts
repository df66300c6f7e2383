import { createServer, type Server, type ServerResponse } from 'node:http';
import { pcapngInterface, pcapngPacket, pcapngSection, tcp } from '@taas/packets';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { taas } from '../testing/recording-host.suite.js';

const [port, id] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-0000000000ca'];

/** Just enough of the API: one capture. */
class FakeApi {
  readonly asked: string[] = [];
  wish: unknown;
  stream: ServerResponse | undefined;
  status = 'ACTIVE';
  refusal: { status: number; message: string } | undefined;
  /** What comes of the file at once. */
  head: string | Uint8Array = 'head';
  readonly counted = { delivered: 7, dropped: 2, kernel_dropped: 0 };
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const what = `${request.method} ${request.url?.replace(/.*captures/, 'captures').replace(id, 'ID')}`;
      this.asked.push(what);
      const json = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      const shown = { id, status: this.status, status_reason: 'why', counted: this.counted };
      if (what === 'POST captures') {
        let body = '';
        request.on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => {
          this.wish = JSON.parse(body);
          if (this.refusal) json(this.refusal.status, { NeutronError: { message: this.refusal.message, type: 'T' } });
          else json(201, { capture: shown });
        });
      } else if (what === 'GET captures/ID') json(200, { capture: shown });
      else if (what === 'GET captures/ID/stream') {
        this.stream = response.writeHead(200);
        response.write(this.head);
      } else {
        this.status = 'ENDED';
        response.writeHead(204).end();
        this.stream?.end('tail');
      }
    });
  }

  async run(words: readonly string[], more: { signal?: AbortSignal; terminals?: boolean } = {}) {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    const at = typeof address === 'object' && address ? address.port : 0;
    const env = { OS_AUTH_TYPE: 'none', OS_PROJECT_ID: 'acme', OS_ENDPOINT: `http://127.0.0.1:${at}` };
    return taas({ env, ...more }, 'capture', ...words);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let api: FakeApi;
const fresh = () => {
  api = new FakeApi();
  return api;
};
afterEach(() => api.stop());
const reading = () => vi.waitFor(() => expect(api.stream).toBeDefined(), 10_000);
const file = (sunk: ReadonlyMap<string, Uint8Array>, path: string) => Buffer.from(sunk.get(path) ?? []).toString();

describe('taas capture', () => {
  it('asks for what was said, writes what comes to standard output, and says what was lost', async () => {
    const running = fresh().run([
      ...[port, '--direction', 'in', '--filter', 'accept,protocol=tcp', '--seconds', '5', '--packets', '9'],
      ...['--snaplen', '64', '--description', 'why', '--bpf', 'arp'],
    ]);
    await reading();
    api.stream?.end('tail');
    const { code, err, sunk } = await running;
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining('7 packets, 2 lost on the way to here: why'),
    });
    expect(file(sunk, '-')).toBe('headtail');
    expect(api.wish).toEqual({
      capture: {
        ...{ source_ports: [port], direction: 'IN', filter_rules: [{ action: 'accept', protocol: 'tcp' }] },
        ...{ seconds: 5, packets: 9, snaplen: 64, description: 'why', bpf: 'arp' },
      },
    });
    expect(api.asked).not.toContain('DELETE captures/ID');
  });

  it('is ended by Ctrl-C, and has all that came until then', async () => {
    const interrupted = new AbortController();
    const running = fresh().run([port, '-w', 'x.pcapng'], { signal: interrupted.signal, terminals: true });
    await reading();
    interrupted.abort(new Error('Ctrl-C'));
    const { code, err, sunk } = await running;
    expect(code).toBe(0);
    expect(api.asked).toContain('DELETE captures/ID');
    expect(file(sunk, 'x.pcapng')).toBe('headtail');
    expect(err).toContain('7 packets');
  });

  it('says what keeps copies from coming, once', async () => {
    fresh().status = 'PENDING_CREATE';
    const running = api.run([port]);
    await vi.waitFor(
      () => expect(api.asked.filter((each) => each === 'GET captures/ID').length).toBeGreaterThan(12),
      15_000,
    );
    api.stream?.end();
    expect((await running).err.match(/nothing comes yet: why/g)).toHaveLength(1);
  });

  it('fails where the stream breaks off, and keeps what came', async () => {
    const running = fresh().run([port]);
    await reading();
    api.stream?.destroy();
    const { code, sunk } = await running;
    expect(code).toBe(6);
    expect(file(sunk, '-')).toBe('head');
  });

  it('is ended at once where its file cannot be written', async () => {
    const { code, err } = await fresh().run([port, '-w', '/read-only/web.pcapng']);
    expect(code).not.toBe(0);
    expect(err).toContain('EACCES');
    expect(api.asked).toContain('DELETE captures/ID');
    expect(api.asked).not.toContain('GET captures/ID/stream');
  });

  it('is refused in the words of the API', async () => {
    fresh().refusal = { status: 409, message: 'no more than four' };
    expect(await api.run([port])).toMatchObject({ code: 8, err: expect.stringContaining('no more than four') });
  });

  it('makes a ring of files, which needs a name, and a capture of a flow, which needs no port', async () => {
    for (const words of [[port, '-b', 'packets:3'], [port, '-w', 'x', '-b', 'files:3'], [], [port, '--flow', port]])
      expect(await fresh().run(words)).toMatchObject({ code: 64 });
    const running = fresh().run([port, '-w', 'web.pcapng', '-b', 'packets:3']);
    await reading();
    api.stream?.end('<html> nothing');
    // The fake's file is no pcapng.
    const { code, err } = await running;
    expect([code, err]).toEqual([6, expect.stringContaining('no capture')]);
  });

  it('estimates what is missing where that is wanted, and writes the same', async () => {
    const ends = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02', srcIp: '10.0.0.1', dstIp: '10.0.0.2' };
    const frame = tcp({ ...ends, srcPort: 1, dstPort: 2, payload: new Uint8Array(9) });
    const packet = {
      interface: 0,
      timeNs: 0n,
      frame,
      length: frame.length,
      direction: 'outbound',
      dropped: 0n,
    } as const;
    const whole = Buffer.concat([
      pcapngSection({ comment: '', application: '' }),
      pcapngInterface({ name: `${port} OUT`, description: '', snapLength: 0 }),
      pcapngPacket(packet),
    ]);
    fresh().head = whole;
    const running = api.run([port, '--verify', '-w', 'web.pcapng', '--bpf', 'tcp']);
    await reading();
    api.stream?.end();
    const { code, err, sunk } = await running;
    expect(code).toBe(0);
    expect(Buffer.from(sunk.get('web.pcapng') ?? [])).toEqual(whole);
    expect(err).toMatch(/2 lost on the way to here: why\nestimate by TCP's acknowledgements: none, since/);
    expect(api.wish).toEqual({ capture: { source_ports: [port], bpf: 'tcp' } });
  });

  it('writes no frames to a terminal', async () => {
    expect(await fresh().run([port], { terminals: true })).toMatchObject({ code: 64 });
    expect(api.asked).toEqual([]);
  });
});
