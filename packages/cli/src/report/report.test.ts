import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../api/audit.js';
import { readStatistics } from '../api/statistics.js';
import { seen, unseen } from '../doctor/finding.js';
import { csv } from './csv.js';
import { between, type Counted, countedOf } from './figures.js';
import { periodStart } from './period.js';
import { goneTaps, type ReportedTap, tapReport } from './tap-report.js';

const day = 86_400_000;
const now = Date.parse('2026-11-29T12:00:00Z');

describe('a period', () => {
  it('begins so long ago, or at a time', () => {
    expect(periodStart('30d', now)).toBe(now - 30 * day);
    expect(periodStart('12h', now)).toBe(now - day / 2);
    expect(periodStart('2026-11-01', now)).toBe(Date.parse('2026-11-01T00:00:00Z'));
  });

  it.each(['', '30', '-3d', 'yesterday', '2026-12-24', '999999w', '1'])('is not "%s"', (text) => {
    expect(() => periodStart(text, now)).toThrow('is no time before now');
  });
});

const figures = (asOf: number, seen: number, lost: Record<string, number> = {}, more: object = {}): Counted =>
  countedOf(
    readStatistics({
      ...{ since: '2026-10-01T00:00:00Z', as_of: new Date(asOf).toISOString(), unaccounted: 0, completeness: 1 },
      stages: [{ stage: 'seen', direction: 'IN', packets: seen, bytes: null }],
      lost: Object.entries(lost).map(([cause, packets]) => ({ cause, packets })),
      gaps: [{ cause: 'not_active', milliseconds: seen }],
      ...more,
    }),
  );

describe('what was counted between two times', () => {
  it('is the difference, with the completeness of that time alone', () => {
    const gained = between(figures(now - day, 100, { ring_full: 40 }), figures(now, 200, { ring_full: 50 }));
    expect(gained).toMatchObject({ since: now - day, asOf: now, completeness: 0.9, unaccounted: 0n });
    expect(gained?.stages).toEqual(new Map([['seen IN', 100n]]));
    expect(gained?.gaps).toEqual(new Map([['not_active', 100]]));
    expect(gained?.lost).toEqual(new Map([['ring_full', 10n]]));
  });

  it('is not known where something was counted anew, is counted no more, or is older', () => {
    const was = figures(now - day, 100, { ring_full: 40 });
    for (const is of [
      figures(now, 99, { ring_full: 40 }),
      figures(now, 100, { ring_full: 39 }),
      figures(now, 100),
      figures(now - 2 * day, 100, { ring_full: 40 }),
      figures(now, 200, { ring_full: 50 }, { since: '2026-11-01T00:00:00Z' }),
      figures(now, 200, { ring_full: 50 }, { as_of: null }),
    ])
      expect(between(was, is)).toBeNull();
  });

  it('has no completeness where one of the two has none', () => {
    expect(between(figures(now - day, 1, {}, { completeness: null }), figures(now, 9))?.completeness).toBeNull();
    expect(between(figures(now - day, 1), figures(now, 9, {}, { completeness: null }))?.completeness).toBeNull();
  });

  it('takes what was in progress at the first time for no loss', () => {
    const gained = between(figures(now - day, 100, { underlay: 9 }), figures(now, 200, { underlay: 3 }));
    expect(gained?.lost).toEqual(new Map([['underlay', 0n]]));
  });

  it('adds up: two periods that follow one another are the one of both', () => {
    const counts = fc.nat({ max: 1_000_000 });
    fc.assert(
      fc.property(counts, counts, counts, (a, b, c) => {
        const [one, two, three] = [figures(now - 2 * day, a), figures(now - day, a + b), figures(now, a + b + c)];
        const at = (counted: Counted | null) => counted?.stages.get('seen IN') ?? -1n;
        expect(at(between(one, two)) + at(between(two, three))).toBe(at(between(one, three)));
      }),
    );
  });
});

describe('the report of a tap', () => {
  const tap: ReportedTap = { kind: 'flow', id: 'f', name: 'web', project: 'p', status: 'ACTIVE' };
  const event = (name: string, at: number): AuditEvent => ({ at, event: name, user: 'u', tap: null, detail: '' });
  const since = Date.parse('2026-10-01T00:00:00Z');
  const told = (counted: Counted) => seen({ counted, current: true, unanswered: [] });
  const covers = (from: number, before: Counted | undefined, events: readonly AuditEvent[] | null) =>
    tapReport(tap, told(figures(now, 200)), before, from, events).covers;

  it('says which time its figures are about', () => {
    expect(covers(since - day, undefined, [event('began', since + 5_000)])).toBe('whole');
    // It stood before it was counted.
    expect(covers(since - day, undefined, [event('began', since - day / 2)])).toBe('part');
    expect(covers(since - day, undefined, [])).toBe('part');
    expect(covers(since - day, undefined, null)).toBe('part');
    expect(covers(since + day, undefined, null)).toBe('longer');
    expect(covers(since + day, figures(now - day, 100), null)).toBe('since_baseline');
    expect(covers(since + day, figures(now - day, 300), null)).toBe('longer');
  });

  it('has no figure where nobody knows one, and says why', () => {
    expect(tapReport(tap, unseen('nobody'), undefined, 0, null)).toMatchObject({
      covers: 'none',
      figures: null,
      why: 'nobody',
    });
    const silent = seen({ counted: figures(now, 1, {}, { as_of: null }), current: false, unanswered: ['n is silent'] });
    expect(tapReport(tap, silent, undefined, 0, null)).toMatchObject({
      covers: 'none',
      figures: null,
      why: 'n is silent',
    });
    const old = seen({ counted: figures(now, 1), current: false, unanswered: ['n is silent'] });
    expect(tapReport(tap, old, figures(now - day, 0), now - day, null)).toMatchObject({
      current: false,
      why: 'n is silent',
    });
  });

  it('is there of those that the trail has and that are gone, but of nothing that was refused', () => {
    const of = (name: string, id: string) => ({
      ...event(name, now),
      tap: { kind: 'flow' as const, id, name: 'n', project: 'p' },
    });
    const gone = goneTaps(
      [of('created', 'a'), of('ended', 'a'), of('created', 'b'), of('refused', 'c')],
      new Set(['b']),
    );
    expect(gone).toEqual([{ kind: 'flow', id: 'a', name: 'n', project: 'p', status: null }]);
  });
});

describe('CSV', () => {
  it('is read back as it was, whatever is in a name', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          [
            ['a', 'x,"y"'],
            ['b', '1\n2'],
          ],
        ],
      ),
    ).toBe('a,b\r\n"x,""y""",1\\u000a2\r\n');
  });

  it('has no cell that a spreadsheet takes for a formula', () => {
    for (const evil of ['=1+1', '+1', '-x', '@x', '=HYPERLINK("http://x")'])
      expect(csv(['a'], [[['a', evil]]]).split('\r\n')[1]).toMatch(/^"?'/);
    expect(csv(['a'], [[['a', '-5']]])).toBe('a\r\n-5\r\n');
  });
});
