import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairs, requestHeaders, responseHeaders } from './header-rules.js';

const hop = ['Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'];
const endToEnd = ['X-Auth-Token', 'Accept', 'User-Agent', 'X-Roles', 'If-Match', 'Cookie', 'X-Custom', 'Set-Cookie'];
const anyCase = (names: readonly string[]) =>
  fc.constantFrom(...names.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]));
const value = fc.stringMatching(/^[!-~]{1,12}$/);
const header = fc.oneof(
  fc.tuple(anyCase(endToEnd), value),
  fc.tuple(anyCase(hop), value),
  fc.tuple(
    anyCase(['Connection']),
    fc.constantFrom('close', 'keep-alive, X-Custom', 'Host, Content-Length', ' cookie ,'),
  ),
  fc.tuple(anyCase(['Content-Length', 'Expect', 'X-Forwarded-For', 'X-Forwarded-Proto']), value),
);
const raw = fc.array(header, { maxLength: 12 }).map((list) => [...list.flat()]);

const base = {
  headers: ['Host', 'api.example', 'X-Auth-Token', 't'],
  clientAddress: '::ffff:10.0.0.9',
  encrypted: false,
  fallbackHost: 'neutron.example:9696',
  contentLength: null,
  readAnswer: false,
} as const;
const valuesOf = (headers: readonly string[], name: string) =>
  [...pairs(headers)].filter(([each]) => each.toLowerCase() === name).map(([, each]) => each);
const named = (headers: readonly string[]) =>
  valuesOf(headers, 'connection').flatMap((each) => each.split(',').map((name) => name.trim().toLowerCase()));

describe('request headers', () => {
  it('lose what is for one hop, and only that; everything else keeps its spelling, order and number', () => {
    fc.assert(
      fc.property(raw, fc.option(fc.nat()), (headers, contentLength) => {
        const sent = requestHeaders({ ...base, headers: ['Host', 'api.example', ...headers], contentLength });
        for (const name of hop) expect(valuesOf(sent, name.toLowerCase())).toEqual([]);
        const expected = [...pairs(headers)].filter(([name]) => {
          const lower = name.toLowerCase();
          return endToEnd.some((each) => each.toLowerCase() === lower) && !named(headers).includes(lower);
        });
        const kept = [...pairs(sent)].filter(([name]) =>
          endToEnd.some((each) => each.toLowerCase() === name.toLowerCase()),
        );
        expect(kept).toEqual(expected);
        expect(valuesOf(sent, 'host')).toEqual(['api.example']);
        expect(valuesOf(sent, 'content-length')).toEqual(contentLength === null ? [] : [String(contentLength)]);
        expect(valuesOf(sent, 'expect')).toEqual([]);
        expect(valuesOf(sent, 'x-forwarded-for')).toHaveLength(1);
        expect(['http', 'https']).toContain(valuesOf(sent, 'x-forwarded-proto').join());
      }),
    );
  });

  it('say who the client is and how it came, on top of what a proxy before us has said', () => {
    expect(requestHeaders(base)).toEqual([
      'Host',
      'api.example',
      'X-Auth-Token',
      't',
      'X-Forwarded-For',
      '10.0.0.9',
      'X-Forwarded-Proto',
      'http',
    ]);
    const before = ['Host', 'a', 'X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Proto', 'https'];
    const sent = requestHeaders({ ...base, headers: before });
    expect(valuesOf(sent, 'x-forwarded-for')).toEqual(['192.0.2.1, 10.0.0.9']);
    expect(valuesOf(sent, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(requestHeaders({ ...base, encrypted: true }), 'x-forwarded-proto')).toEqual(['https']);
  });

  it('have one Host, even if the client sends none or two', () => {
    expect(valuesOf(requestHeaders({ ...base, headers: [] }), 'host')).toEqual(['neutron.example:9696']);
    expect(valuesOf(requestHeaders({ ...base, headers: ['Host', 'a', 'HOST', 'b'] }), 'host')).toEqual(['a']);
  });

  it('ask for a document that we read without a content coding', () => {
    const sent = requestHeaders({ ...base, headers: ['Accept-Encoding', 'gzip'], readAnswer: true });
    expect(valuesOf(sent, 'accept-encoding')).toEqual(['identity']);
  });
});

describe('response headers', () => {
  it('lose what is for one hop, and only that', () => {
    fc.assert(
      fc.property(raw, (headers) => {
        const expected = [...pairs(headers)].filter(([name]) => {
          const lower = name.toLowerCase();
          const essential = lower === 'content-length';
          return !hop.some((each) => each.toLowerCase() === lower) && (essential || !named(headers).includes(lower));
        });
        expect([...pairs(responseHeaders(headers))]).toEqual(expected);
      }),
    );
  });
});
