import { expect, test } from 'vitest';
import { AbsenceCheck } from './absence-check.js';
import { uuid } from './fake-neutron.suite.js';
import type { NeutronPort } from './port.js';

const never = new AbortController().signal;
const binding = { hostId: 'node-1', vifType: 'vhostuser' };
const port = (n: number, bound = true): NeutronPort => ({
  ...{ id: uuid(n), projectId: 'p', networkId: 'n', deviceOwner: '', deviceId: '', adminStateUp: true, status: '' },
  binding: bound ? binding : null,
});
/** Port 1 is asked for, with port 2 as witness; all answers say that there is no port 1. */
const confirm = (ports: readonly NeutronPort[], more = false) =>
  new AbsenceCheck({
    page: async () => ({ ports, more }),
    port: async () => null,
    batches: (ids) => [[...ids]],
  }).confirm([uuid(1)], [uuid(2)], never);

test('a port is gone if the answer that lacks it shows the witness with its binding', async () => {
  expect((await confirm([port(2)])).gone).toEqual([uuid(1)]);
});

test.each([
  ['is empty', []],
  ['shows another port than the witness', [port(3)]],
  ['shows the witness without its binding', [port(2, false)]],
])('a port is not gone if the answer that lacks it %s', async (_how, ports) => {
  const { gone, doubt } = await confirm(ports);
  expect([gone, doubt]).toEqual([[], expect.any(String)]);
});

test('a port is not gone if the answer was cut before it', async () => {
  expect((await confirm([port(2)], true)).gone).toEqual([]);
});
