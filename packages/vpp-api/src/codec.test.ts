import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VppCodecError, VppDefinitionsError } from './errors.js';
import { loadApiDirectory, parseApiJson, type Schema } from './schema.js';
import { arbitraryFields } from './testing/arbitrary-fields.js';
import { constructsJson } from './testing/constructs.js';

const schema = parseApiJson(constructsJson);

function checkEveryMessage(of: Schema, numRuns: number): void {
  for (const name of of.messageNames) {
    const codec = of.message(name);
    fc.assert(
      fc.property(arbitraryFields(codec.fields), (fields) => {
        expect(codec.decode(codec.encode(fields))).toEqual(fields);
      }),
      { numRuns },
    );
  }
}

function realApiDirectory(): string | undefined {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((entry) => join(entry, 'vpp'))
    .find(existsSync);
  const prefix =
    process.env['VPP_PREFIX'] ?? (onPath === undefined ? undefined : dirname(dirname(realpathSync(onPath))));
  const directory = prefix === undefined ? undefined : join(prefix, 'share', 'vpp', 'api');
  return directory !== undefined && existsSync(directory) ? directory : undefined;
}

describe('decode is the inverse of encode', () => {
  it('for every construct of the API language', () => checkEveryMessage(schema, 200));

  const directory = realApiDirectory();
  it('for every message of a real VPP', async ({ skip }) => {
    if (directory === undefined) return skip('no share/vpp/api found through VPP_PREFIX or vpp on PATH');
    const real = await loadApiDirectory(directory);
    expect(real.messageNames.length).toBeGreaterThan(500);
    checkEveryMessage(real, 3);
  });
});

describe('bytes on the wire', () => {
  it('are big-endian, in the order of the definition, header first', () => {
    const bytes = schema.message('event').encode({ pid: 7, bits: 3, client_index: 0x01020304 });
    expect(Buffer.from(bytes).toString('hex')).toBe('010203040000000700000003');
  });

  it('give header offsets from the definition', () => {
    expect(schema.message('scalars')).toMatchObject({ clientIndexOffset: 0, contextOffset: 4 });
    expect(schema.message('arrays').contextOffset).toBe(0);
    expect(schema.message('event').contextOffset).toBeUndefined();
  });

  it('of a union arm are padded to the union, and an arm is read back by name', () => {
    const nested = schema.type('nested');
    expect(nested.kind).toBe('struct');
    const codec = schema.message('arrays');
    const base = { mac: new Uint8Array(6), four: [1, 2, 3, 4], macs: [new Uint8Array(6), new Uint8Array(6)] };
    const two = [
      { left: 1, right: -1 },
      { left: 2, right: -2 },
    ];
    const v4 = Uint8Array.of(10, 0, 0, 1);
    const item = { af: 0, un: { v4 }, pairs: [] };
    const fields = { ...base, two, fixed: 'x', words: [], bytes: new Uint8Array(0), nested: [item], text: '' };
    const decoded = codec.decode(codec.encode(fields));
    const [first] = decoded['nested'] as { un: { raw: Uint8Array } }[];
    expect(first?.un.raw).toEqual(Uint8Array.of(10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(schema.readArm('addr', first?.un ?? { raw: v4 }, 'v4')).toEqual(v4);
    expect(schema.readArm('addr', first?.un ?? { raw: v4 }, 'pair')).toEqual({ left: 0x0a00, right: 1 });
    expect(decoded['n_nested']).toBe(1);
  });
});

describe('what does not fit is refused, by the path of its field', () => {
  const scalars = {
    a: 1,
    b: -1,
    c: 1,
    d: -1,
    e: 1,
    f: -1,
    g: 1n,
    h: -1n,
    i: 0.5,
    j: true,
    k: 1,
  };
  const encode = (change: Record<string, unknown>) => () => schema.message('scalars').encode({ ...scalars, ...change });

  it('takes defaults for what is left out', () => {
    expect(schema.message('scalars').decode(encode({})())).toMatchObject({ l: 4294967295, m: true, context: 0 });
  });

  it.each([
    ['a', 256],
    ['a', 1.5],
    ['a', '1'],
    ['b', 128],
    ['c', -1],
    ['d', 40_000],
    ['e', 2 ** 32],
    ['f', 2 ** 31],
    ['g', 1],
    ['g', -1n],
    ['h', 2n ** 63n],
    ['i', '1'],
    ['j', 1],
  ])('scalars.%s = %s', (name, value) => {
    expect(encode({ [name]: value })).toThrow(new RegExp(`scalars\\.${name}`));
  });

  it('a missing field, and a field that does not exist', () => {
    expect(encode({ a: undefined })).toThrow(/scalars\.a: is missing/);
    expect(encode({ sw_if_indx: 1 })).toThrow(/no field sw_if_indx/);
  });

  it('a text that VPP would have to cut', () => {
    const codec = parseApiJson(
      JSON.stringify({ messages: [['m', ['u16', '_vl_msg_id'], ['string', 's', 4], { crc: '0x1' }]] }),
    ).message('m');
    expect([...codec.encode({ s: 'abc' })]).toEqual([97, 98, 99, 0]);
    expect(() => codec.encode({ s: 'abcd' })).toThrow(/4 bytes of text, at most 3 fit/);
    expect(() => codec.encode({ s: 'a\0' })).toThrow(/NUL/);
  });

  it('a message cut short at any byte', () => {
    fc.assert(
      fc.property(arbitraryFields(schema.message('arrays').fields), fc.nat(), (fields, at) => {
        const bytes = schema.message('arrays').encode(fields);
        expect(() => schema.message('arrays').decode(bytes.subarray(0, at % bytes.length))).toThrow(VppCodecError);
      }),
    );
  });

  it('random bytes are decoded or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          schema.message('arrays').decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(VppCodecError);
        }
      }),
    );
  });

  it('a count far beyond the message does not allocate', () => {
    const bytes = Buffer.alloc(100);
    bytes.writeUInt16BE(0xffff, 4 + 6 + 16 + 12 + 8 + 16);
    expect(() => schema.message('arrays').decode(bytes)).toThrow(/65535 elements announced/);
  });
});

describe('definitions that cannot be used', () => {
  it.each([
    ['not JSON', '{', /not JSON/],
    ['an unknown type', { messages: [['m', ['vl_api_x_t', 'f'], { crc: '0x1' }]] }, /m\.f: type x is not defined/],
    [
      'a type that contains itself',
      { types: [['x', ['vl_api_x_t', 'f']]], messages: [['m', ['vl_api_x_t', 'f'], { crc: '0x1' }]] },
      /contains itself/,
    ],
    ['no crc', { messages: [['m', ['u8', 'f']]] }, /m has no crc/],
    [
      'a length field behind its array',
      { messages: [['m', ['u8', 'f', 0, 'n'], ['u8', 'n'], { crc: '0x1' }]] },
      /does not precede/,
    ],
  ])('%s', (_, json, message) => {
    const text = typeof json === 'string' ? json : JSON.stringify(json);
    const use = () => parseApiJson(text, 'here').find('m');
    expect(use).toThrow(VppDefinitionsError);
    expect(use).toThrow(message);
  });

  it('a directory without any', async () => {
    await expect(loadApiDirectory('/nonexistent')).rejects.toThrow(VppDefinitionsError);
  });
});
