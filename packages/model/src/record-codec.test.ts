import { describe, expect, it } from 'vitest';
import { nodeTapFlowCodec, tapServiceCodec } from './record-codec.js';
import { RecordError } from './record-error.js';

const key = '/networking-vpp/taas/tap_services/x';
const good = {
  v: 1,
  id: '11111111-2222-3333-4444-555555555555',
  project_id: 'acme',
  name: 'probe 🔎',
  description: '',
  port_id: '21111111-2222-3333-4444-555555555555',
  created_at: 1,
} as const;

describe('records', () => {
  it('survive a round trip, and readers ignore fields of a later writer', () => {
    expect(tapServiceCodec.parse(key, tapServiceCodec.format(good))).toEqual(good);
    expect(tapServiceCodec.parse(key, JSON.stringify({ ...good, later: true }))).toMatchObject(good);
  });

  it.each([
    ['{"v":1', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    [JSON.stringify({ ...good, v: 2 }), 'has format version 2; this program knows 1'],
    [JSON.stringify({ ...good, port_id: 'p' }), '/port_id must match pattern'],
    [JSON.stringify({ ...good, project_id: '' }), '/project_id'],
  ])('of %s are refused with the key and what is wrong', (value, problem) => {
    const parse = () => tapServiceCodec.parse(key, value);
    expect(parse).toThrow(RecordError);
    expect(parse).toThrow(problem);
    expect(parse).toThrow(key);
  });

  it('check directions and links', () => {
    const flow = {
      v: 1,
      id: good.id,
      project_id: 'acme',
      tap_service_id: good.id,
      source_port: good.port_id,
      direction: 'BOTH',
      vlan_filter: null,
      filter: [],
      target: { type: 'vlan', physnet: 'physnet1', vlan: 3900 },
    };
    expect(nodeTapFlowCodec.parse(key, JSON.stringify(flow))).toEqual(flow);
    expect(() => nodeTapFlowCodec.parse(key, JSON.stringify({ ...flow, direction: 'in' }))).toThrow('/direction');
    expect(() =>
      nodeTapFlowCodec.parse(key, JSON.stringify({ ...flow, target: { type: 'vlan', physnet: 'p', vlan: 4095 } })),
    ).toThrow('/target');
  });
});
