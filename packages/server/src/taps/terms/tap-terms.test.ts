import { mostAskers, type TapFlowRecord, type TapServiceRecord } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NeutronError } from '../../errors/neutron-error.js';
import { agreed } from './tap-approval.js';
import { changedTerms, newConsent, newTerms, noTerms, type TapTerms } from './tap-terms.js';

const now = Date.parse('2026-11-30T08:00:00Z');
const hour = 3_600_000;

const flow = (more: Partial<TapFlowRecord> = {}): TapFlowRecord => ({
  ...{
    v: 1,
    id: '00000000-0000-4000-8000-000000000001',
    project_id: 'acme',
    name: '',
    description: '',
    created_at: now,
  },
  ...{ tap_service_id: '00000000-0000-4000-8000-000000000002', source_port: '00000000-0000-4000-8000-000000000003' },
  ...{ direction: 'IN', vlan_filter: null },
  ...more,
});

const refused = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof NeutronError) return `${error.status} ${error.message}`;
    throw error;
  }
};

const someTerms = fc.record<TapTerms>({
  usualMs: fc.option(fc.integer({ min: 1, max: 3 }).map((n) => n * hour)),
  longestMs: fc.option(fc.integer({ min: 3, max: 6 }).map((n) => n * hour)),
  reasonRequired: fc.boolean(),
  consent: fc.constantFrom('none', 'others', 'always'),
});
/** Undefined: not given; null: without an end. */
const someEnd = fc.option(fc.option(fc.integer({ min: -2, max: 9 }).map((n) => now + n * hour)), { nil: undefined });

const given = (end: number | null | undefined) => (end === undefined ? {} : { expires_at: end });
const record = (end: number | null | undefined) => flow(typeof end === 'number' ? { expires_at: end } : {});

describe('how long a tap is there', () => {
  it('is never longer than the operator lets it, as it is made and as it is renewed, and never over already', () => {
    fc.assert(
      fc.property(someTerms, someEnd, someEnd, (all, first, second) => {
        const terms = { ...all, reasonRequired: false };
        const fits = (end: number | undefined) =>
          (end === undefined || end > now) && (terms.longestMs === null || (end ?? Infinity) <= now + terms.longestMs);
        const wanted = first === undefined ? (terms.usualMs ?? terms.longestMs) : null;
        const end = wanted === null ? (first ?? undefined) : now + wanted;
        const make = () => newTerms(terms, given(first), record(first), now);
        expect(refused(make)).toEqual(fits(end) ? null : expect.stringMatching(/^400 .*expires_at/));
        if (fits(end)) expect(make().expires_at).toBe(end);
        if (second === undefined) return;
        const [before, after] = [record(now + hour), record(second)];
        const renew = () =>
          changedTerms(terms, before, after, { userId: 'u', projectId: 'acme', mayApprove: true }, now);
        const isSame = second === now + hour;
        expect(refused(renew) === null).toBe(isSame || fits(second ?? undefined));
      }),
    );
  });

  it('is what the operator has configured where nobody asks, and for ever where he has not', () => {
    expect(newTerms(noTerms, {}, flow(), now)).toEqual({});
    expect(newTerms({ ...noTerms, longestMs: hour }, {}, flow(), now)).toEqual({ expires_at: now + hour });
    expect(newTerms({ ...noTerms, usualMs: hour }, { expires_at: null }, flow(), now)).toEqual({});
  });
});

describe('why a tap is there', () => {
  const terms = { ...noTerms, reasonRequired: true };

  it('has to be said where the operator wants it, in the reason or else in the description', () => {
    for (const said of [{}, { reason: ' . ' }, { description: '--' }, { reason: ' ', description: 'INC-7' }])
      expect(refused(() => newTerms(terms, said, flow(said), now))).toMatch(/^400 .*reason/);
    expect(newTerms(terms, {}, flow({ description: 'INC-7' }), now)).toEqual({ reason: 'INC-7' });
    expect(newTerms(terms, {}, flow({ reason: 'INC-8', description: 'INC-7' }), now)).toEqual({ reason: 'INC-8' });
    expect(newTerms(noTerms, {}, flow({ description: 'web' }), now)).toEqual({});
  });

  it('cannot be taken away again, and stays where another attribute changes', () => {
    const by = { userId: 'u', projectId: 'acme', mayApprove: true };
    const change = (after: Partial<TapFlowRecord>) =>
      refused(() => changedTerms(terms, flow({ reason: 'INC-7' }), flow(after), by, now));
    expect(change({})).toMatch(/^400 .*reason/);
    expect(change({ reason: 'INC-8' })).toBeNull();
    expect(refused(() => changedTerms(terms, flow(), flow({ name: 'new' }), by, now))).toBeNull();
  });
});

describe('consent', () => {
  it('is asked for as the operator has configured', () => {
    const asks = (consent: TapTerms['consent'], project: string) =>
      newConsent({ ...noTerms, consent }, 'acme', { userId: 'u', projectId: project }).consent;
    expect(asks('none', 'ops')).toBeUndefined();
    expect(asks('others', 'acme')).toBeUndefined();
    expect(asks('others', 'ops')).toEqual({ requested_by: 'u' });
    expect(asks('always', 'acme')).toEqual({ requested_by: 'u' });
  });

  it('is always that of somebody else than all who asked since the last one, for what is copied or for how long', () => {
    const by = fc.constantFrom('ann', 'bob', 'cat', 'dan');
    const act = fc.oneof(
      fc.record({ does: fc.constant('approve' as const), by, to: fc.constant(0) }),
      fc.record({ does: fc.constantFrom('filter', 'prolong', 'rename'), by, to: fc.integer({ min: 1, max: 4 }) }),
    );
    const rules = (n: number) => [{ action: 'accept', source_port: { first: n, last: n } }];
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        let tap: TapFlowRecord = flow({ expires_at: now + hour, consent: { requested_by: 'ann' } });
        let askers = new Set(['ann']);
        let most = tap.expires_at ?? 0;
        for (const each of acts) {
          // Cat may not agree.
          const caller = { userId: each.by, projectId: 'acme', mayApprove: each.by !== 'cat' };
          const change = {
            ...{ approve: {}, rename: { name: `${each.to}` } },
            ...{ filter: { filter_rules: rules(each.to) }, prolong: { expires_at: now + each.to * hour } },
          }[each.does];
          const before = tap;
          const isRefused = refused(() => {
            if (each.does !== 'approve')
              tap = changedTerms(noTerms, tap, { ...tap, ...change } as TapFlowRecord, caller, now);
            else if (caller.mayApprove) tap = agreed(tap, caller, now) ?? tap;
          });
          if (isRefused !== null) continue;
          const isMore = JSON.stringify(tap.filter_rules) !== JSON.stringify(before.filter_rules);
          const isLonger = (tap.expires_at ?? 0) > (before.expires_at ?? 0);
          const { agreed: consent } = tap.consent ?? {};
          if (isMore) expect(consent).toBeUndefined();
          if (isMore && before.consent?.agreed) askers = new Set();
          if (isMore || (isLonger && !before.consent?.agreed)) askers.add(each.by);
          if (!consent) most = tap.expires_at ?? 0;
          // What was agreed to is prolonged by who may agree alone, and stays agreed to by two.
          if (consent && isLonger) {
            expect(caller.mayApprove).toBe(true);
            most = tap.expires_at ?? 0;
          }
          if (consent) expect([...askers, 'cat']).not.toContain(consent.by);
          if (consent) expect(tap.expires_at).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('to more than was agreed to is asked for anew, and to longer is given by who may', () => {
    const consent = { requested_by: 'ann', agreed: { by: 'bob', at: now } };
    const tap = flow({ expires_at: now + hour, consent, filter_rules: [] });
    const by = (userId: string, mayApprove = true) => ({ userId, projectId: 'acme', mayApprove });
    const longer = { ...tap, expires_at: now + 2 * hour };
    const { expires_at: _end, ...endless } = tap;
    for (const after of [longer, endless]) {
      expect(refused(() => changedTerms(noTerms, tap, after, by('ann'), now))).toMatch(/^409/);
      expect(refused(() => changedTerms(noTerms, tap, after, by('cat', false), now))).toMatch(/^409/);
      const byBob = changedTerms(noTerms, tap, after, by('bob'), now + 5);
      expect(byBob.consent).toEqual({ requested_by: 'ann', agreed: { by: 'bob', at: now + 5 } });
    }
    const shorter = { ...tap, expires_at: now + hour / 2 };
    expect(changedTerms(noTerms, tap, shorter, by('ann'), now).consent).toEqual(consent);
    const wider = { ...tap, filter_rules: [{ action: 'accept' }] } as TapFlowRecord;
    expect(changedTerms(noTerms, tap, wider, by('bob'), now).consent).toEqual({ requested_by: 'bob' });
    const waiting = flow({ expires_at: now + hour, consent: { requested_by: 'ann' } });
    const changedByBob = changedTerms(noTerms, waiting, { ...waiting, expires_at: now + 2 * hour }, by('bob'), now);
    expect(refused(() => agreed(changedByBob, by('bob'), now))).toMatch(/^409/);
    expect(refused(() => agreed(changedByBob, by('ann'), now))).toMatch(/^409/);
    expect(agreed(changedByBob, by('dan'), now)?.consent?.agreed).toEqual({ by: 'dan', at: now });
  });

  it('has a bound to those who ask, and refuses what would forget one', () => {
    let tap = flow({ consent: { requested_by: 'u0' } });
    const change = (n: number) => {
      const after: TapFlowRecord = { ...tap, filter_rules: [{ action: 'accept', protocol: 17, source_ports: [n, n] }] };
      tap = changedTerms(noTerms, tap, after, { userId: `u${n}`, projectId: 'acme', mayApprove: true }, now);
    };
    for (let n = 1; n < mostAskers; n++) change(n);
    expect(refused(() => change(mostAskers))).toMatch(/^409/);
    expect(refused(() => change(3))).toBeNull();
    for (let n = 0; n < mostAskers; n++) expect(refused(() => agreed(tap, { userId: `u${n}` }, now))).toMatch(/^409/);
    expect(agreed(tap, { userId: 'else' }, now)?.consent?.agreed?.by).toBe('else');
  });

  it('is asked for where a tap that needed none becomes more, as for a new one', () => {
    const tap = flow({
      expires_at: now + hour,
      filter_rules: [{ action: 'accept', protocol: 6 }],
    } as Partial<TapFlowRecord>);
    const { expires_at: _end, ...endless } = tap;
    const more = [{ ...tap, filter_rules: [] }, { ...tap, expires_at: now + 2 * hour }, endless];
    const same = [
      { ...tap, name: 'n' },
      { ...tap, expires_at: now + hour / 2 },
    ];
    const asks = (consent: TapTerms['consent'], projectId: string, after: TapFlowRecord) =>
      changedTerms({ ...noTerms, consent }, tap, after, { userId: 'u', projectId, mayApprove: true }, now).consent;
    for (const after of more) {
      expect(asks('always', 'acme', after)).toEqual({ requested_by: 'u' });
      expect(asks('others', 'ops', after)).toEqual({ requested_by: 'u' });
      expect(asks('others', 'acme', after)).toBeUndefined();
      expect(asks('none', 'ops', after)).toBeUndefined();
    }
    for (const after of same) expect(asks('always', 'ops', after)).toBeUndefined();
    const { tap_service_id: _s, source_port: _p, direction: _d, vlan_filter: _v, filter_rules: _f, ...common } = tap;
    const service: TapServiceRecord = { ...common, port_id: tap.source_port };
    const later = { ...service, expires_at: now + 2 * hour };
    const by = { userId: 'u', projectId: 'ops', mayApprove: true };
    expect(changedTerms({ ...noTerms, consent: 'always' }, service, later, by, now)).toEqual(later);
  });
});
