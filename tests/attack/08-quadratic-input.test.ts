import { Worker } from 'node:worker_threads';
import type { TokenPort } from '@taas/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

/** What a caller waits for at most; what was there before needs minutes. */
const patienceMs = 30_000;
const braces = `x${'{'.repeat(450_000)}x`;
/** As many rules as fit, each as long as Keystone lets it be, and none that fits. */
const rules = Array.from({ length: 400 }, (_, n) => {
  return { service: 'network', method: 'GET', path: `/${`**a*${n}`.repeat(60)}`.slice(0, 225) };
});
const path = `/v2.0/taas/tap_flows/${'a'.repeat(7_900)}`;

let stack: Stack;
beforeAll(async () => {
  const ports = new Map<string, TokenPort>([[uuid(1), { project: 'acme', host: 'node-1' }]]);
  stack = await Stack.start({ ports, keystone: { accessRules: rules } });
});
afterAll(() => stack.stop());

it('half a megabyte of braces from a reader stops nobody', async () => {
  const asked = { tap_service: { port_id: braces } };
  const evil = stack.call('tok-other-reader', 'POST', '/v2.0/taas/tap_services', asked);
  const neighbour = stack.call('tok-acme-member', 'GET', '/v2.0/taas/tap_services');
  const health = fetch(`${stack.server(0).health}/healthz`);
  const all = Promise.all([evil, neighbour, health]);
  const [refused, listed, healthy] = await within(all);
  expect([refused.status, listed.status, healthy.status]).toEqual([400, 200, 200]);
  expect(refused.text.length).toBeLessThan(3_000);
}, 60_000);

it('the same in every attribute that is a text, a list or an object', async () => {
  const nonsense = [braces, Array(900).fill('{'), { a: braces }, `${'1,'.repeat(200_000)}x`, '/'.repeat(400_000)];
  const names = ['tap_service_id', 'source_port', 'direction', 'vlan_filter', 'filter_rules', 'project_id'];
  const good = { tap_service_id: uuid(1), source_port: uuid(1), direction: 'IN' };
  for (const value of nonsense) {
    const all = names.map((name) =>
      stack.call('tok-acme-member', 'POST', '/v2.0/taas/tap_flows', { tap_flow: { ...good, [name]: value } }),
    );
    for (const { status, text } of await within(Promise.all(all))) {
      expect(status).toBe(400);
      expect(text.length).toBeLessThan(3_000);
    }
  }
}, 120_000);

it('access rules made of wildcards, and a path as long as a URL may be', async () => {
  const answers = Promise.all([
    stack.call('tok-acme-member-rules', 'GET', path),
    stack.call('tok-acme-member', 'GET', '/v2.0/taas/tap_flows'),
  ]);
  expect((await within(answers)).map(({ status }) => status)).toEqual([401, 200]);
}, 60_000);

it('control: what was there before is not done with this in seconds', async () => {
  expect(await endsWithin(2_000, `${JSON.stringify(braces)}.replace(/^[{}]+|[{}]+$/g, '')`)).toBe(false);
  expect(
    await endsWithin(
      2_000,
      // Twenty such requests.
      `${setOfPlaces}; for (let n = 0; n < 20; n += 1) for (const { path } of ${JSON.stringify(rules)}) matches(path, ${JSON.stringify(path)})`,
    ),
  ).toBe(false);
  // And the way of asking is right: what is short ends.
  expect(await endsWithin(10_000, `'{x}'.replace(/^[{}]+|[{}]+$/g, '')`)).toBe(true);
});

/** The matcher as it was: a set of the places that are reached, a step for each character. */
const setOfPlaces = `function matches(pattern, path) {
  const steps = [...pattern.matchAll(/\\*\\*|\\*|./gs)].flatMap(([part]) => part === '**' ? [{ fits: () => true, repeats: true }]
    : part === '*' ? [{ fits: (c) => c !== '/', repeats: false }, { fits: (c) => c !== '/', repeats: true }]
    : [{ fits: (c) => c === part, repeats: false }]);
  const skips = (places) => { const all = new Set(); for (let place of places) { all.add(place); while (steps[place]?.repeats) all.add(++place); } return all; };
  let places = skips([0]);
  for (const c of path.replace('/v2.0/taas/tap_flows', '')) {
    const next = [];
    for (const place of places) if (steps[place]?.fits(c)) next.push(steps[place].repeats ? place : place + 1);
    places = skips(next);
  }
  return places.has(steps.length);
}`;

async function endsWithin(ms: number, code: string): Promise<boolean> {
  const worker = new Worker(code, { eval: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const ended = new Promise<boolean>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve(true));
  });
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

async function within<T>(answers: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}
