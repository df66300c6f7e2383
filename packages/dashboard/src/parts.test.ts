import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf } from './api/ask.js';
import { listAll } from './api/list-all.js';
import { noPackets, withPackets } from './captures/packet-list.js';
import { commandOf, fileName, rateOf } from './captures/rate-of.js';
import { chosenPort } from './create/port-choice-text.js';
import { emptyDraft, wantedTap } from './create/wanted-tap.js';
import { niceEnd } from './parts/chart-scale.js';
import { bytes, percent, short, timeWithMs } from './parts/format.js';
import { linkTo, parseRoute } from './route.js';
import { ssoWords } from './session/sso-words.js';
import { ratesOf, withSample } from './tap/history.js';
import { filtered, type TapRow } from './taps/tap-row.js';
import { virtualWindow } from './taps/virtual-window.js';
import { mostGroups, topologyOf } from './topology/topology.js';

const row = (id: string, more: Partial<TapRow> = {}): TapRow => ({
  ...{ kind: 'tap_flow', id, name: '', project: 'acme', port: 'p', destination: { is: 'service', id: 's' } },
  ...{ direction: 'BOTH', status: 'ACTIVE', reason: '', code: 'ok' },
  ...more,
});

describe('a long list', () => {
  it('draws every line that is seen, and few others, wherever it is scrolled to', () => {
    fc.assert(
      fc.property(fc.nat(400_000), fc.integer({ min: 1, max: 2_000 }), fc.nat(10_000), (top, height, lines) => {
        const { first, end } = virtualWindow(top, height, 34, lines);
        const [from, to] = [Math.floor(top / 34), Math.ceil((top + height) / 34)];
        for (const line of [from, to - 1]) if (line < lines) expect(line >= first && line < end).toBe(true);
        expect(end - first).toBeLessThanOrEqual(Math.ceil(height / 34) + 26);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(lines);
      }),
    );
  });

  it('is read page by page until one is not full', async () => {
    const asked: string[] = [];
    const all = Array.from({ length: 2_500 }, (_, n) => ({ id: `id ${n}` }));
    const api = async (path: string) => {
      asked.push(path);
      const query = new URLSearchParams(path.split('?')[1]);
      const marker = query.get('marker');
      const from = marker === null ? 0 : all.findIndex(({ id }) => id === marker) + 1;
      return { taps: all.slice(from, from + Number(query.get('limit'))) };
    };
    const parts: number[] = [];
    expect(await listAll({ api }, 'taps', 'taps', false, (part) => void parts.push(part.length))).toEqual(all);
    // The first lines are seen before a whole page could be there.
    expect(parts).toEqual([100, 1_100, 2_100]);
    expect(asked).toHaveLength(4);
    expect(await listAll({ api }, 'taps', 'taps', false)).toEqual(all);
    expect(asked).toHaveLength(7);
  });

  it('is filtered by all words, by kind and by status', () => {
    const rows = [
      row('1', { name: 'web to ids' }),
      row('2', { status: 'ERROR', reason: 'no uplink' }),
      row('3', { kind: 'tap_mirror' }),
    ];
    const ids = (text: string, kind: TapRow['kind'] | '' = '', status = '') =>
      filtered(rows, { text, kind, status }, new Map()).map(({ id }) => id);
    expect(ids('IDS web')).toEqual(['1']);
    expect(ids('web uplink')).toEqual([]);
    expect(ids('', 'tap_mirror')).toEqual(['3']);
    expect(ids('', '', 'ERROR')).toEqual(['2']);
    expect(ids('', '', 'warned')).toEqual(['2']);
  });
});

describe('rates', () => {
  it('are of the time between two looks, and there is none across counters that began anew', () => {
    const at = (seconds: number, seen: number) => ({ at: seconds * 1000, seen, delivered: seen, lost: 0 });
    const rates = ratesOf([at(0, 0), at(5, 50), at(10, 10), at(15, 30)]);
    expect(rates.map(({ seen }) => seen)).toEqual([10, 4]);
    expect(rateOf(undefined, { at: 1, delivered: 1 })).toBeNull();
    expect(rateOf({ at: 0, delivered: 5 }, { at: 5_000, delivered: 30 })).toBe(5);
  });

  it('are kept for an hour, no longer', () => {
    let samples: readonly { at: number; seen: number; delivered: number; lost: number }[] = [];
    for (let n = 0; n < 1_000; n += 1) samples = withSample(samples, { at: n, seen: 0, delivered: 0, lost: 0 });
    expect(samples).toHaveLength(720);
    expect(samples.at(-1)?.at).toBe(999);
  });
});

describe('words', () => {
  it('are numbers that people can read, and 100 % is all', () => {
    expect([0, 12, 999, 1_000, 12_345, 1_234_567].map(short)).toEqual(['0', '12', '999', '1.00 k', '12.3 k', '1.23 M']);
    expect([bytes(0), bytes(1_500)]).toEqual(['0 B', '1.50 kB']);
    expect([1, 0.99999, 0.5, 0].map(percent)).toEqual(['100 %', '99.99 %', '50.0 %', '0.0 %']);
    expect([0, 0.3, 7, 13, 100].map(niceEnd)).toEqual([1, 0.5, 10, 20, 100]);
  });

  it('of a command are safe in a shell, and of a file on any disk', () => {
    const wish = { source_ports: ['p'], direction: 'IN', bpf: "tcp'; rm -rf /", seconds: 30 } as const;
    expect(commandOf(wish)).toBe(
      "taas capture p --direction in --bpf 'tcp'\\''; rm -rf /' --seconds 30 | wireshark -k -i -",
    );
    expect(fileName({ id: '12345678-9', name: '../../x y' })).toBe('.._.._x_y.pcapng');
  });

  it('of an address go there and back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }), (parts) => {
        const [page = '', ...rest] = parts;
        expect(parseRoute(linkTo(...parts))).toEqual({ page, rest });
      }),
    );
    expect(parseRoute('#/%')).toEqual({ page: '%', rest: [] });
    expect(parseRoute('')).toEqual({ page: 'taps', rest: [] });
  });

  it('of a refusal are the server\u2019s own', () => {
    expect(errorOf(409, { NeutronError: { type: 'OverQuota', message: 'too many' } })).toMatchObject({
      code: 'OverQuota',
      message: 'too many',
    });
    expect(errorOf(401, { error: { code: 'not_logged_in', message: 'nobody' } })).toMatchObject({
      code: 'not_logged_in',
    });
    expect(errorOf(502, null).message).toBe('The server answers 502.');
  });
});

describe('a port', () => {
  const id = '0f0e0d0c-0000-4000-8000-000000000001';
  const port = (id: string, name: string) => [id, { id, name, network_id: 'n' }] as const;
  it('is found by an id in the text, or by a name that only one has', () => {
    const ports = new Map([port(id, 'web'), port('2', 'twin'), port('3', 'twin')]);
    expect(chosenPort(`web 10.0.0.1 ${id}`, ports)).toBe(id);
    expect(chosenPort(' web ', ports)).toBe(id);
    expect(chosenPort('twin', ports)).toBeNull();
    expect(chosenPort('', ports)).toBeNull();
  });

  it('is needed for a tap, and what is missing is said', () => {
    const ports = new Map([port(id, 'web')]);
    expect(wantedTap(emptyDraft, ports, 0)).toHaveProperty('missing');
    expect(wantedTap({ ...emptyDraft, port: 'web', service: 's' }, ports, 0)).toEqual({
      body: { tap_flow: { name: '', reason: '', source_port: id, tap_service_id: 's', direction: 'BOTH' } },
    });
  });
});

describe('the topology', () => {
  const ports = new Map(
    Array.from(
      { length: 60 },
      (_, n) => [`p${n}`, { id: `p${n}`, name: '', network_id: 'n', 'binding:host_id': `node-${n}` }] as const,
    ),
  );
  const services = new Map([['s', { id: 's', name: 'ids', port_id: 'p0' }]]);

  it('counts every tap once in each column, folds what is too much, and loses none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ port: fc.nat(59), active: fc.boolean() }), { minLength: 1, maxLength: 200 }),
        (taps) => {
          const rows = taps.map(({ port, active }, n) =>
            row(`${n}`, { port: `p${port}`, status: active ? 'ACTIVE' : 'DOWN' }),
          );
          const { sources, transports, collectors, flows } = topologyOf(rows, services, ports);
          for (const column of [sources, transports, collectors]) {
            expect(column.reduce((sum, group) => sum + group.taps, 0)).toBe(rows.length);
            expect(column.length).toBeLessThanOrEqual(mostGroups);
          }
          expect(flows.reduce((sum, flow) => sum + flow.taps, 0)).toBe(rows.length * 2);
          expect(sources.reduce((sum, { active }) => sum + active, 0)).toBe(taps.filter(({ active }) => active).length);
        },
      ),
    );
  });

  it('does not move when one more is there', () => {
    const few = topologyOf([row('1', { port: 'p2' }), row('2', { port: 'p1' })], services, ports);
    const more = topologyOf(
      [row('3', { port: 'p1' }), row('2', { port: 'p1' }), row('1', { port: 'p2' })],
      services,
      ports,
    );
    expect(few.sources.map(({ key }) => key)).toEqual(more.sources.map(({ key }) => key));
  });
});

it('packets in words: each once, whatever a stream that begins anew tells again, and no more than are drawn', () => {
  const line = (n: number) => ({
    ...{ n, at: n, interface: 'p IN', length: 60 },
    ...{ source: 'a', destination: 'b', protocol: 'UDP', info: '' },
  });
  const told = (from: number, to: number, unshown = 0) =>
    JSON.stringify({ packets: Array.from({ length: to - from + 1 }, (_, at) => line(from + at)), unshown });
  let list = withPackets(noPackets, told(1, 10));
  list = withPackets(list, told(5, 12, 3));
  expect(list.packets.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(list.unshown).toBe(3);
  list = withPackets(list, told(13, 500));
  expect(list.packets).toHaveLength(200);
  expect(list.packets.at(-1)?.n).toBe(500);
  expect(withPackets(list, '{"packets": 5}')).toBe(list);
});

it('why a single sign-on has not worked is said in words of the page, whatever the address says', () => {
  expect(ssoWords('')).toBe('');
  expect(ssoWords('?sso=no_project')).toBe('You have no role in any project.');
  expect(ssoWords('?sso=Call+0900')).toBe('The log-in has not worked: begin it again.');
  expect(ssoWords('?sso=toString')).toBe('The log-in has not worked: begin it again.');
});

it('a time of a packet has hours, minutes, seconds and milliseconds', () => {
  expect(timeWithMs(Date.parse('2026-11-30T10:20:30.007'))).toMatch(/10\D20\D30\D007/);
});
