import { describe, expect, it } from 'vitest';
import { development, sendTo, taas } from '../testing/recording-host.suite.js';
import { sleepingClock } from '../testing/sleeping-clock.suite.js';
import { rate } from './stats.js';

const id = '00000000-0000-4000-8000-000000000001';
const many = 2n ** 63n + 1n;

/** As docs/reference/api.md has it; counts are numbers of 64 bits, which JSON.stringify has not. */
const answer = (packets: bigint, second: number) =>
  `{"statistics": {"id": "${id}", "kind": "tap_flow", "as_of": "2026-11-29T12:00:0${second}.000Z", "current": true,
    "stages": [{"stage": "seen", "direction": "IN", "packets": ${packets}, "bytes": null}],
    "lost": [{"cause": "ring_full", "packets": 7}], "gaps": [{"cause": "vpp_restarted", "milliseconds": 1500, "packets": null}],
    "unaccounted": 0, "completeness": 0.5, "unanswered": [{"node": "n", "code": "x", "reason": "node n\\u001b is silent"}],
    "service": {"stages": [{"stage": "delivered", "direction": "BOTH", "packets": 3, "bytes": 4}]}}}`;

function stats(...words: string[]) {
  let looks = 0;
  const send = sendTo(({ path }) => {
    if (path === `/v2.0/taas/tap_flows/${id}`) return { json: { tap_flow: { id, name: 'web' } } };
    if (path !== `/v2.0/taas/tap_flows/${id}/statistics`) return { status: 404, json: {} };
    looks += 1;
    return { body: answer(many + BigInt(100 * (looks - 1)), looks) };
  });
  return taas({ env: development, send, clock: sleepingClock() }, 'stats', id, ...words);
}

describe('stats', () => {
  it('tells each stage, to the packet beyond 2^53, and what is lost', async () => {
    const { code, out } = await stats();
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`seen +IN +${many}\n`));
    expect(out).toContain('lost          7 ring_full');
    expect(out).toContain('unaccounted   0');
    expect(out).toContain('gap           1.5 s, vpp_restarted');
    expect(out).toContain('no answer     node n\\u001b is silent');
    expect(out).toMatch(/its tap service.*\n.*\n.*\ndelivered +BOTH +3 +4\n/);
  });

  it('watches, with rates by the times of the figures', async () => {
    const { out } = await stats('--watch=2', '--count', '3');
    expect(out.match(/seen/g)).toHaveLength(3);
    expect(out.match(/ 100\n/g)).toHaveLength(2);
    const lines = (await stats('--watch', '--count', '2', '-f', 'json')).out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).stages[0].packets)).toEqual([String(many), String(many + 100n)]);
  });

  it('has no rate where nothing can be said', () => {
    expect(rate(1n, 11n, 0, 1_000)).toBe('10');
    for (const unclear of [rate(undefined, 1n, 0, 1), rate(2n, 1n, 0, 1), rate(1n, 2n, 5, 5), rate(1n, 2n, null, 5)])
      expect(unclear).toBe('-');
  });

  it('of a server that has none is told as what it is', async () => {
    const send = sendTo(({ path }) => (path.endsWith(id) ? { json: { tap_flow: { id } } } : { status: 404, json: {} }));
    expect((await taas({ env: development, send }, 'stats', id, '--kind', 'flow')).code).toBe(3);
  });
});
