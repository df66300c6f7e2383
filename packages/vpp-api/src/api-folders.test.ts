import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readApiFolders } from './api-folders.js';
import { VppDefinitionsError } from './errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vpp-api-folders-'));
  await mkdir(join(folder, 'core'));
  await mkdir(join(folder, 'plugins'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const header = [
  ['u16', '_vl_msg_id'],
  ['u32', 'client_index'],
  ['u32', 'context'],
];
/** A message with one field of a type that each file says something else of. */
const module = (message: string, crc: string, base: string) =>
  JSON.stringify({
    messages: [[message, ...header, ['vl_api_kind_t', 'kind'], { crc: `0x${crc}` }]],
    enums: [['kind', ['A', 1], { enumtype: base }]],
    services: { [message]: { reply: `${message}_reply` } },
  });
const table = new Map([
  ['ask_00000001', 40],
  ['tell_00000002', 41],
]);

describe('the API files of a VPP that cannot say what its messages are', () => {
  it('are taken for the messages that its table has under the same CRC, each with the types of its own file', async () => {
    await writeFile(join(folder, 'core', 'a-old.api.json'), module('ask', '00000009', 'u64'));
    await writeFile(join(folder, 'core', 'b.api.json'), module('ask', '00000001', 'u8'));
    await writeFile(join(folder, 'plugins', 'c.api.json'), module('tell', '00000002', 'u32'));
    await writeFile(join(folder, 'plugins', 'other.json'), 'not looked at');
    const { schema, problems } = await readApiFolders({ folders: [folder] }, table);
    expect(problems).toEqual([]);
    const kinds = ['ask', 'tell'].map((name) => schema.message(name).fields.at(-1)?.type);
    expect(kinds).toMatchObject([{ base: 'u8' }, { base: 'u32' }]);
    expect(schema.message('ask').crc).toBe('00000001');
    expect(schema.service('tell')?.reply).toBe('tell_reply');
    // What every VPP has under fixed ids is known without a file.
    expect(schema.message('sockclnt_create').crc).toBe('455fb9c4');
  });

  it('that cannot be read are named and stop no other', async () => {
    await writeFile(join(folder, 'core', 'a.api.json'), '{');
    await writeFile(join(folder, 'core', 'big.api.json'), ' '.repeat(3000));
    await writeFile(join(folder, 'plugins', 'c.api.json'), module('tell', '00000002', 'u32'));
    const missing = join(folder, 'none');
    const { schema, problems } = await readApiFolders({ folders: [missing, folder], maxFileBytes: 2000 }, table);
    expect(schema.message('tell').crc).toBe('00000002');
    expect(problems.map(({ path }) => path).sort()).toEqual(
      [join(folder, 'core', 'a.api.json'), join(folder, 'core', 'big.api.json'), missing].sort(),
    );
  });

  it('are read within bounds: how many, and how much', async () => {
    for (const n of [1, 2, 3, 4]) await writeFile(join(folder, `${n}.api.json`), module('tell', '00000002', 'u32'));
    const few = await readApiFolders({ folders: [folder], maxFiles: 2 }, table);
    expect(few.problems).toMatchObject([{ why: expect.stringMatching(/more than 2 files/) }]);
    const small = await readApiFolders({ folders: [folder], maxBytes: 500 }, table);
    expect(small.problems.length).toBeGreaterThan(0);
    expect(small.problems[0]?.why).toMatch(/more than 500 bytes/);
  });

  it('that say nothing of this VPP: the error names what was looked for, and what to do', async () => {
    await writeFile(join(folder, 'a.api.json'), module('ask', '00000009', 'u8'));
    const attempt = readApiFolders({ folders: ['/nonexistent/api', folder] }, table);
    await expect(attempt).rejects.toBeInstanceOf(VppDefinitionsError);
    await expect(attempt).rejects.toThrow(/\/nonexistent\/api.*1 files were read.*vpp\.api_files/s);
  });
});
