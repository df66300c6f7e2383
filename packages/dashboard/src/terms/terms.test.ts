import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/ask.js';
import { canAgree, consentText } from './consent.js';
import { endOf } from './end-choice.js';
import { endOfTap, endText } from './end-of-tap.js';
import { lacksReason } from './lacks-reason.js';
import { timeLeft } from './time-left.js';

const now = Date.parse('2026-11-30T10:00:00Z');
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const left = (ms: number) => timeLeft(new Date(now + ms).toISOString(), now);

describe('the time that a tap is there yet', () => {
  it.each([
    [2 * day + 3 * hour + 59 * minute, '2 d 3 h', false],
    [2 * day + 59 * minute, '2 d', false],
    [hour + minute, '1 h 1 min', false],
    [hour, '1 h', true],
    [59_000, 'less than a minute', true],
    [0, 'over', true],
    [-day, 'over', true],
  ])('of %i ms is said as %s', (ms, text, soon) => expect(left(ms)).toEqual({ text, soon }));

  it('is never said to be longer than it is', () => {
    const units: Readonly<Record<string, number>> = { d: day, h: hour, min: minute };
    fc.assert(
      fc.property(fc.integer({ min: minute, max: 400 * day }), (ms) => {
        const said = [...left(ms).text.matchAll(/(\d+) (d|h|min)/g)];
        const sum = said.reduce((all, [, count, unit]) => all + Number(count) * (units[unit ?? ''] ?? 0), 0);
        expect(sum).toBeGreaterThan(0);
        expect(sum).toBeLessThanOrEqual(ms);
        expect(left(ms).soon).toBe(ms <= hour);
      }),
    );
  });
});

describe('the end that somebody picks', () => {
  it('is a time; of the operator’s own it says nothing, and never is null', () => {
    expect(endOf({ is: 'usual', at: '' }, now)).toEqual({});
    expect(endOf({ is: 'never', at: '' }, now)).toEqual({ expires_at: null });
    expect(endOf({ is: 'day', at: '' }, now)).toEqual({ expires_at: '2026-12-01T10:00:00.000Z' });
    const at = new Date(now + hour);
    const local = `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}T${String(at.getHours()).padStart(2, '0')}:00`;
    expect(endOf({ is: 'at', at: local }, now)).toEqual({ expires_at: at.toISOString() });
  });

  it.each(['', 'soon', '2026-11-29T10:00'])('is asked for again where it is "%s"', (at) =>
    expect(endOf({ is: 'at', at }, now)).toHaveProperty('missing'),
  );
});

describe('consent', () => {
  const tap = { consent: 'waiting', requested_by: ['ann', 'cat'], agreed_by: null };

  it('is offered to whom the policy lets, and to nobody who has asked', () => {
    expect(canAgree(tap, 'bob', true)).toBe(true);
    expect(canAgree(tap, 'bob', false)).toBe(false);
    expect(canAgree(tap, 'cat', true)).toBe(false);
    expect(canAgree({ ...tap, consent: 'given' }, 'bob', true)).toBe(false);
  });

  it('is told with who has asked and who has agreed', () => {
    expect(consentText(tap, 'ann')).toMatch(/^Asked for by you, user cat\. Waits for somebody else/);
    expect(consentText({ ...tap, consent: 'given', agreed_by: 'bob' }, 'x')).toMatch(/Agreed to by user bob\.$/);
    expect(consentText({ consent: 'not_needed', requested_by: [], agreed_by: null }, 'x')).toBe('Nobody has to agree.');
  });
});

it('a reason is known to be wanted by the refusal alone', () => {
  const refusal = (status: number, message: string) => lacksReason(new ApiError(status, 'HTTPBadRequest', message));
  expect(refusal(400, 'Invalid input for reason. Reason: the operator wants to know why')).toBe(true);
  expect(refusal(400, 'Invalid input for expires_at. Reason: it is over')).toBe(false);
  expect(refusal(409, 'Invalid input for reason.')).toBe(false);
});

describe('the end of a tap', () => {
  const service = (expires_at: string | null) => new Map([['s', { expires_at }]]);
  const [early, late] = ['2026-11-30T12:00:00+01:00', '2026-11-30T11:30:00Z'];

  it('is its own, or that of its tap service if that comes first', () => {
    const end = (own: string | null, its: string | null) =>
      endOfTap({ expires_at: own, tap_service_id: 's' }, service(its));
    expect(end(null, null)).toBeNull();
    expect(end(early, null)).toEqual({ at: early, of: 'tap' });
    expect(end(early, late)).toEqual({ at: early, of: 'tap' });
    expect(end(late, early)).toEqual({ at: early, of: 'tap service' });
    expect(end(null, late)).toEqual({ at: late, of: 'tap service' });
    expect(endOfTap({ expires_at: null }, service(late))).toBeNull();
  });

  it('is said with whose it is', () => {
    expect(endText(null)).toBe('It has no end.');
    expect(endText({ at: late, of: 'tap service' })).toMatch(/^It ends with its tap service /);
  });
});
