import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TapState } from './state-record.js';
import { deriveStatus, type NodePart } from './status.js';
import { because, statusCodes } from './status-code.js';

const active: NodePart = {
  node: 'n1',
  wantedRevision: 5,
  state: { revision: 5, status: 'ACTIVE', status_code: 'ok', reason: '' },
  agentAlive: true,
};
const placed = (...parts: NodePart[]) => deriveStatus({ deleting: false, blocker: null, parts });

describe('status', () => {
  it('is ACTIVE only when every node has verified the revision that is wanted now', () => {
    expect(placed(active)).toEqual({ status: 'ACTIVE', code: 'ok', reason: '' });
    expect(placed(active, { ...active, node: 'n2', wantedRevision: 6 })).toEqual({
      status: 'PENDING_CREATE',
      code: 'waiting_for_node',
      reason: 'waiting for node n2',
    });
    expect(placed(active, { ...active, node: 'n2', agentAlive: false }).status).toBe('DOWN');
    expect(placed(active, { ...active, node: 'n2', wantedRevision: null }).status).toBe('DOWN');
    expect(placed().status).toBe('DOWN');
  });

  it('does not wait for what has been said and cannot be read', () => {
    expect(placed(active, { ...active, node: 'n2', state: null, stateUnreadable: true })).toMatchObject({
      status: 'DOWN',
      code: 'state_unreadable',
      reason: expect.stringContaining('n2'),
    });
  });

  it("passes on the worst node's reason", () => {
    const part = (status: TapState['status'], status_code: string, reason: string): NodePart => ({
      ...{ ...active, node: 'n2', state: { revision: 5, status, status_code, reason } },
    });
    expect(placed(active, part('ERROR', 'vpp_refused', 'no memory'), active)).toEqual({
      status: 'ERROR',
      code: 'vpp_refused',
      reason: 'no memory',
    });
    expect(placed(active, part('DOWN', 'wiring_changed', 'being mended'))).toEqual({
      status: 'DOWN',
      code: 'wiring_changed',
      reason: 'being mended',
    });
  });

  it('passes a warning on while all is well, and only then', () => {
    const warning = 'warning: copies are long';
    const state = { revision: 5, status: 'ACTIVE', status_code: 'mtu_too_small', reason: warning } as const;
    const warned: NodePart = { ...active, state };
    expect(placed(active, warned)).toEqual({ status: 'ACTIVE', code: 'mtu_too_small', reason: warning });
    expect(placed(warned, active)).toEqual({ status: 'ACTIVE', code: 'mtu_too_small', reason: warning });
    expect(placed(warned, { ...active, agentAlive: false }).reason).not.toBe(warning);
  });

  it('says what it waits for', () => {
    const blocker = because('port_not_bound', 'port p is not bound');
    expect(deriveStatus({ deleting: false, blocker, parts: [active] })).toEqual({
      status: 'PENDING_CREATE',
      code: 'port_not_bound',
      reason: 'port p is not bound',
    });
    expect(deriveStatus({ deleting: true, blocker: null, parts: [active] })).toEqual({
      status: 'PENDING_DELETE',
      code: 'waiting_for_removal',
      reason: 'waiting for n1 to confirm removal',
    });
  });

  it('has a code for what an agent without codes says, and for a code that it does not know', () => {
    const said = (status: TapState['status'], status_code?: string) =>
      placed({ ...active, state: { revision: 5, status, reason: 'why', ...(status_code && { status_code }) } }).code;
    expect(said('DOWN')).toBe('unspecified');
    expect(said('ERROR', 'of_tomorrow')).toBe('unspecified');
    expect(said('DOWN', 'ok')).toBe('unspecified');
    expect(said('DOWN', 'no_copies_observed')).toBe('no_copies_observed');
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
          status_code: fc.constantFrom('', ...Object.keys(statusCodes), 'of tomorrow', 'toString'),
        }),
      ),
      agentAlive: fc.boolean(),
    });
    const input = fc.record({
      deleting: fc.boolean(),
      blocker: fc.option(fc.constant(because('no_common_network', 'blocker'))),
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
        const may = !input.deleting && input.blocker === null && input.parts.length > 0 && verified;
        expect(view.status === 'ACTIVE').toBe(may);
        if (view.status !== 'ACTIVE') expect(view.reason).not.toBe('');
        expect(statusCodes[view.code]).toContain(view.status);
      }),
    );
  });
});
