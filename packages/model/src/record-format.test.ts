import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentCodec, serverCodec, tapStateCodec } from './record-codec.js';
import { commonFormat, recordFormat } from './record-format.js';

const id = '00000000-0000-4000-8000-000000000001';
const agent = {
  v: 1,
  node: 'n',
  agent_version: '1',
  vpp_version: null,
  tunnel_address: null,
  physnets: [],
  capabilities: [],
};
const state = { v: 1, id, revision: 1, status: 'ACTIVE', reason: '' };

describe('the format of records', () => {
  it('is what the oldest reader reads, and never newer than our own', () => {
    const readers = fc.array(fc.record({ reads: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }) }));
    fc.assert(
      fc.property(readers, (all) => {
        const common = commonFormat(all);
        expect(common).toBeGreaterThanOrEqual(1);
        expect(common).toBeLessThanOrEqual(recordFormat);
        for (const { reads } of all) expect(common).toBeLessThanOrEqual(reads ?? 1);
      }),
    );
  });

  it('of who tells it is read whatever a later version adds', () => {
    const later = { reads: 7, shaking: { hands: true } };
    expect(agentCodec.parse('k', JSON.stringify({ ...agent, ...later })).reads).toBe(7);
    expect(serverCodec.parse('k', JSON.stringify({ v: 1, server_version: '9', ...later })).reads).toBe(7);
    expect(agentCodec.parse('k', JSON.stringify(agent)).reads).toBeUndefined();
  });

  it.each([0, -1, 1.5, '2', null])('is a whole number, not %j', (reads) => {
    expect(() => agentCodec.parse('k', JSON.stringify({ ...agent, reads }))).toThrow(/reads/);
    expect(() => serverCodec.parse('k', JSON.stringify({ v: 1, server_version: '9', reads }))).toThrow(/reads/);
  });

  it('refuses a newer one and a word that it does not have, and reads more fields and codes than it knows', () => {
    const text = (more: object) => JSON.stringify({ ...state, ...more });
    expect(() => tapStateCodec.parse('k', text({ v: 2 }))).toThrow('format version 2; this program knows 1');
    expect(() => tapStateCodec.parse('k', text({ status: 'DIMMED' }))).toThrow();
    expect(tapStateCodec.parse('k', text({ status_code: 'dimmed', by: 'half' })).status).toBe('ACTIVE');
  });
});
