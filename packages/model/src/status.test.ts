import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TapState } from './state-record.js';
import { deriveStatus, type NodePart } from './status.js';

const active: NodePart = {
  node: 'n1',
  wantedRevision: 5,
  state: { revision: 5, status: 'ACTIVE', reason: '' },
  agentAlive: true,
};
const placed = (...parts: NodePart[]) => deriveStatus({ deleting: false, obstacle: null, parts });

describe('status', () => {
  it('is ACTIVE only when every node has verified the revision that is wanted now', () => {
    expect(placed(active)).toEqual({ status: 'ACTIVE', reason: '' });
    expect(placed(active, { ...active, node: 'n2', wantedRevision: 6 })).toEqual({
      status: 'PENDING_CREATE',
      reason: 'waiting for node n2',
    });
    expect(placed(active, { ...active, node: 'n2', agentAlive: false }).status).toBe('DOWN');
    expect(placed(active, { ...active, node: 'n2', wantedRevision: null }).status).toBe('DOWN');
    expect(placed().status).toBe('DOWN');
  });

  it("passes on the worst node's reason", () => {
    const failing: NodePart = { ...active, node: 'n2', state: { revision: 5, status: 'ERROR', reason: 'no memory' } };
    expect(placed(active, failing, active)).toEqual({ status: 'ERROR', reason: 'no memory' });
    const undone: NodePart = { ...active, state: { revision: 5, status: 'DOWN', reason: 'being mended' } };
    expect(placed(active, undone)).toEqual({ status: 'DOWN', reason: 'being mended' });
  });

  it('passes a warning on while all is well, and only then', () => {
    const warning = 'warning: copies are long';
    const warned: NodePart = { ...active, state: { revision: 5, status: 'ACTIVE', reason: warning } };
    expect(placed(active, warned)).toEqual({ status: 'ACTIVE', reason: warning });
    expect(placed(warned, active)).toEqual({ status: 'ACTIVE', reason: warning });
    expect(placed(warned, { ...active, agentAlive: false }).reason).not.toBe(warning);
  });

  it('says what it waits for', () => {
    expect(deriveStatus({ deleting: false, obstacle: 'port p is not bound', parts: [active] })).toEqual({
      status: 'PENDING_CREATE',
      reason: 'port p is not bound',
    });
    expect(deriveStatus({ deleting: true, obstacle: null, parts: [active] })).toEqual({
      status: 'PENDING_DELETE',
      reason: 'waiting for n1 to confirm removal',
    });
  });

  it('never says ACTIVE without every part saying so, and always gives a reason otherwise', () => {
    const part = fc.record({
      node: fc.constantFrom('a', 'b'),
      wantedRevision: fc.option(fc.nat(3)),
      state: fc.option(
        fc.record({
          revision: fc.nat(3),
          status: fc.constantFrom<TapState['status']>('ACTIVE', 'PENDING', 'DOWN', 'ERROR', 'REMOVED'),
          reason: fc.constant('why'),
        }),
      ),
      agentAlive: fc.boolean(),
    });
    const input = fc.record({
      deleting: fc.boolean(),
      obstacle: fc.option(fc.constant('obstacle')),
      parts: fc.array(part, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(input, (input) => {
        const view = deriveStatus(input);
        const verified = input.parts.every(
          (p) =>
            p.agentAlive &&
            p.wantedRevision !== null &&
            p.state?.status === 'ACTIVE' &&
            p.state.revision >= p.wantedRevision,
        );
        const may = !input.deleting && input.obstacle === null && input.parts.length > 0 && verified;
        expect(view.status === 'ACTIVE').toBe(may);
        if (view.status !== 'ACTIVE') expect(view.reason).not.toBe('');
      }),
    );
  });
});
