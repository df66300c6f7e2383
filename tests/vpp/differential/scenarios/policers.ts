import {
  attachPolicing,
  bridgeDomain,
  deleteLoopback,
  deletePolicer,
  deleteTable,
  detachPolicing,
  join,
  leave,
  loopback,
  matchAll,
  policer,
  SPAN,
  span,
  toPolicer,
  up,
  updatePolicer,
} from '../calls.js';
import { frame } from '../frame-spec.js';
import { type Scenario, scenario } from '../scenario.js';
import { addPort, look, refused, type Step, send } from '../step.js';

const SERVICE = 8_388_608;
/** Of 82 bytes each. */
const frames = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => frame(from + n));
const numbers = (from: number, to: number) => frames(from, to).map(({ n }) => n);

/** A flow's loopback with its source, and a collector that is a member as it is. */
const flow: readonly Step[] = [
  addPort('source', 10),
  addPort('peer', 10),
  addPort('collector', null),
  bridgeDomain(SERVICE),
  join('collector', SERVICE),
  loopback('flow'),
  up('flow'),
  join('flow', SERVICE, 1),
  span('source', 'flow', SPAN.rx),
];

/** 1 kbit/s, so slow that nothing is refilled in a test, and room for two frames. */
const policed: readonly Step[] = [
  policer('slow', { kbps: 1, burst: 170 }),
  matchAll('all'),
  toPolicer('all', 'slow'),
  attachPolicing('flow', 'all'),
];

export const policerScenarios: readonly Scenario[] = [
  scenario(
    'a policer on a loopback lets a burst of copies through and drops the others; the original is not concerned',
    ...flow,
    ...policed,
    look('bits', ['flow']),
    look('policers'),
    send('source', frames(1, 6), { peer: numbers(1, 6), collector: [1, 2] }),
    look('policers', undefined, ['2 passed 164 bytes, 4 dropped 328 bytes']),
    look('counters', ['source', 'peer', 'collector']),
    updatePolicer('slow', { kbps: 1, burst: 260 }),
    send('source', frames(7, 12), { peer: numbers(7, 12), collector: [7, 8, 9] }),
    detachPolicing('flow', 'all'),
    send('source', frames(13, 16), { peer: numbers(13, 16), collector: numbers(13, 16) }),
    look('bits', ['flow']),
    look('policers'),
  ),
  scenario(
    'a rate in packets counts bytes, 256 to a packet',
    ...flow,
    policer('packets', { kbps: 1, burst: 1000, inPackets: true }),
    matchAll('all'),
    toPolicer('all', 'packets'),
    attachPolicing('flow', 'all'),
    send('source', frames(1, 6), { peer: numbers(1, 6), collector: [1, 2, 3] }),
    look('policers'),
  ),
  scenario(
    'a second table is taken without a word; leaving L2 switches policing off, and it stays listed',
    ...flow,
    ...policed,
    policer('other', { kbps: 1, burst: 1000 }),
    matchAll('another'),
    toPolicer('another', 'other'),
    attachPolicing('flow', 'another'),
    look('policers'),
    send('source', frames(1, 3), { peer: [1, 2, 3], collector: [1, 2] }),
    leave('flow', SERVICE),
    join('flow', SERVICE, 1),
    look('bits', ['flow']),
    look('policers'),
    attachPolicing('flow', 'all'),
    send('source', frames(4, 6), { peer: [4, 5, 6], collector: [4, 5, 6] }),
    detachPolicing('flow', 'all'),
    attachPolicing('flow', 'all'),
    updatePolicer('slow', { kbps: 1, burst: 170 }),
    send('source', frames(7, 9), { peer: [7, 8, 9], collector: [7, 8] }),
  ),
  scenario(
    'who gets the index of a deleted loopback gets its policing, switched off',
    ...flow,
    ...policed,
    span('source', 'flow', SPAN.off),
    deleteLoopback('flow'),
    look('policers'),
    loopback('next'),
    up('next'),
    join('next', SERVICE, 1),
    span('source', 'next', SPAN.rx),
    look('bits', ['next']),
    look('policers'),
    send('source', frames(1, 3), { peer: [1, 2, 3], collector: [1, 2, 3] }),
    detachPolicing('next', 'all'),
    attachPolicing('next', 'all'),
    send('source', frames(4, 6), { peer: [4, 5, 6], collector: [4, 5] }),
  ),
  scenario(
    'what is refused of policers and their tables',
    ...flow,
    ...policed,
    refused(policer('slow', { kbps: 2, burst: 1000 }), 'VALUE_EXIST'),
    refused(policer('no rate', { kbps: 0, burst: 1000 }), 'INVALID_VALUE'),
    refused(policer('no burst', { kbps: 1, burst: 0 }), 'INVALID_VALUE'),
    refused(updatePolicer(77, { kbps: 1, burst: 1000 }), 'NO_SUCH_ENTRY'),
    refused(deletePolicer('none'), 'NO_SUCH_ENTRY'),
    refused(attachPolicing('flow', 77), 'NO_SUCH_TABLE'),
    refused(attachPolicing(77, 'all'), 'INVALID_SW_IF_INDEX'),
    detachPolicing('flow', 'all'),
    refused(detachPolicing('flow', 'all'), 'NO_SUCH_TABLE'),
    deleteTable('all'),
    refused(attachPolicing('flow', 'all'), 'NO_SUCH_TABLE'),
    deletePolicer('slow'),
    look('policers'),
  ),
];
