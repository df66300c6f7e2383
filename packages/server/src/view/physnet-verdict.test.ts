import type { PhysnetRecord } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { type Circumstances, physnetVerdict } from './physnet-verdict.js';

const reserved = { physnet: 'physnet1', first: 3900, last: 3999 };
const unknown = { is: 'unknown', why: 'silent' } as const;
const now = 10_000_000;
const verdict = (given: Partial<Circumstances>): PhysnetRecord =>
  physnetVerdict({ reserved, finding: { is: 'safe' }, before: null, nodes: new Map(), now, keepMs: 600_000, ...given });
const open = verdict({});

describe('what is written of a physical network', () => {
  it('is that it is open once Neutron has said so', () => {
    expect(open).toMatchObject({ vlans: 'open', first: 3900, last: 3999, checked_at: now, layer2_nodes: [] });
    expect(verdict({ finding: { is: 'exclusive' } })).toMatchObject({ vlans: 'open', checked_at: null });
  });

  it('is never open on a silence: kept for a while if it was, and else closed', () => {
    expect(verdict({ finding: unknown })).toMatchObject({ vlans: 'closed', reason: 'silent' });
    expect(verdict({ finding: unknown, before: open })).toMatchObject({ vlans: 'kept', checked_at: now });
    const kept = verdict({ finding: unknown, before: open, now: now + 600_000 });
    expect(kept.vlans).toBe('kept');
    // The silence goes on: what is kept does not count from its own beginning.
    expect(verdict({ finding: unknown, before: kept, now: now + 600_001 }).vlans).toBe('closed');
    expect(verdict({ finding: unknown, before: open, keepMs: 0, now: now + 1 }).vlans).toBe('closed');
  });

  it('is not kept after an answer that it is unsafe, nor for ids that nobody has looked at, nor by a clock of another day', () => {
    const unsafe = verdict({ finding: { is: 'unsafe', why: 'flat' }, before: open });
    expect(unsafe).toMatchObject({ vlans: 'closed', reason: 'flat', checked_at: null });
    expect(verdict({ finding: unknown, before: unsafe }).vlans).toBe('closed');
    const wider = { ...reserved, first: 3800 };
    expect(verdict({ finding: unknown, before: open, reserved: wider }).vlans).toBe('closed');
    expect(verdict({ finding: unknown, before: open, now: now - 100_000 }).vlans).toBe('closed');
    // What the operator has said does not count once he does not say it any more.
    expect(verdict({ finding: unknown, before: verdict({ finding: { is: 'exclusive' } }) }).vlans).toBe('closed');
  });

  it('remembers a node in layer 2 until its agent says otherwise', () => {
    const published = verdict({
      nodes: new Map([
        ['node-a', false],
        ['node-c', true],
      ]),
    });
    expect(published.layer2_nodes).toEqual(['node-c']);
    expect(verdict({ before: published }).layer2_nodes).toEqual(['node-c']);
    expect(verdict({ before: published, nodes: new Map([['node-c', false]]) }).layer2_nodes).toEqual([]);
  });

  it('is not written anew for every poll', () => {
    expect(verdict({ before: open, now: now + 59_000 })).toEqual(open);
    expect(verdict({ before: open, now: now + 61_000 }).checked_at).toBe(now + 61_000);
  });
});
