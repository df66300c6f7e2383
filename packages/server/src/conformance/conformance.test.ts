import { readFileSync } from 'node:fs';
import { type StatusCode, statusCodes } from '@taas/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Line, readTranscript } from './transcript.suite.js';
import { type OurAnswer, World } from './world.suite.js';

/** Ours where it is not theirs: by line, with the reason that all lines of the group share. */
interface DifferenceGroup {
  readonly reason: string;
  readonly lines: Readonly<Record<string, { readonly status: number; readonly body?: unknown }>>;
}

const { groups } = JSON.parse(readFileSync(new URL('../../testdata/differences.json', import.meta.url), 'utf8')) as {
  readonly groups: readonly DifferenceGroup[];
};
const differences = new Map(groups.flatMap((group) => Object.entries(group.lines)));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The attributes that we have and Neutron has not are left out of the comparison, once seen to be what they should. */
function withoutOurs(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(withoutOurs);
  if (!isObject(body)) return body;
  const {
    status_reason: reason,
    status_code: code,
    filter_rules: rules,
    accounting,
    receipts,
    expires_at,
    reason: why,
    consent,
    requested_by,
    agreed_by,
    consent_to,
    ...rest
  } = body;
  if ('expires_at' in body) expect([expires_at, why]).toEqual([null, '']);
  if ('consent' in body) expect([consent, requested_by, agreed_by, consent_to]).toEqual(['not_needed', [], null, null]);
  if ('receipts' in body) expect(receipts).toBe(false);
  if ('accounting' in body) expect(accounting).toBe('shared');
  if ('filter_rules' in body) expect(rules).toEqual([]);
  if ('status_code' in body) expect(statusCodes[code as StatusCode]).toContain(rest['status']);
  if ('status_reason' in body) expect(reason).toEqual(rest['status'] === 'ACTIVE' ? '' : expect.stringMatching(/./));
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutOurs(value)]));
}

/** What is compared: the status, the body and the headers that clients look at. */
function comparable(answer: Pick<OurAnswer, 'status' | 'headers' | 'body'>) {
  const { headers, status, body } = answer;
  return {
    ...{ status, body: withoutOurs(body) },
    type: headers['content-type'] ?? null,
    challenge: headers['www-authenticate'] ?? null,
    requestId: headers['x-openstack-request-id'] !== undefined,
  };
}

const theirs = (line: Line) =>
  comparable({ status: line.status, headers: line.response_headers, body: line.response_body });

describe.each(['golden.jsonl', 'golden-lifecycle.jsonl', 'golden-newdefaults.jsonl'])('%s', (file) => {
  const world = new World();
  beforeAll(() => world.start());
  afterAll(() => world.stop());

  for (const line of readTranscript(file)) {
    it(line.key, async () => {
      const answer = await world.play(line);
      const listed = differences.get(line.key);
      const ours = JSON.parse(JSON.stringify(comparable(answer)));
      const expected = abbreviated(theirs(line), ours);
      if (listed === undefined) {
        expect(ours).toEqual(expected);
        return;
      }
      expect(ours, 'a listed difference is gone: take it off the list').not.toEqual(expected);
      expect(ours).toMatchObject(listed);
    });
  }
});

/** Long texts are compared as far as the transcript has them. */
function abbreviated(expected: unknown, ours: unknown): unknown {
  if (typeof expected === 'string') {
    const at = expected.search(/\.\.\.<\d+ chars>$/);
    if (at > 0 && typeof ours === 'string' && ours.startsWith(expected.slice(0, at))) return ours;
    return expected;
  }
  if (Array.isArray(expected)) return expected.map((item, at) => abbreviated(item, Array.isArray(ours) ? ours[at] : 0));
  if (!isObject(expected)) return expected;
  return Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [key, abbreviated(value, isObject(ours) ? ours[key] : undefined)]),
  );
}

it('every listed difference names lines of the transcripts', () => {
  const all = new Set(
    ['golden.jsonl', 'golden-lifecycle.jsonl', 'golden-newdefaults.jsonl'].flatMap((file) =>
      readTranscript(file).map((line) => line.key),
    ),
  );
  expect([...differences.keys()].filter((key) => !all.has(key))).toEqual([]);
  for (const { reason } of groups) expect(reason).toMatch(/\w{3}/);
});
