import * as fc from 'fast-check';
import {
  acl,
  address,
  bindAcls,
  bridgeDomain,
  crossConnect,
  deleteAcl,
  deleteBridgeDomain,
  deleteLoopback,
  deleteSub,
  down,
  flags,
  join,
  leave,
  loopback,
  MEMBER,
  NONE,
  neighbor,
  replaceAcl,
  rewrite,
  span,
  tag,
  udpRule,
  up,
  vlan,
  vxlan,
} from './calls.js';
import type { FrameSpec } from './frame-spec.js';
import { addPort, call, look, of, removePort, type Step, send } from './step.js';

const PORTS = ['a', 'b', 'c'] as const;
const LOOPBACKS = ['l', 'm'] as const;
const TUNNELS = ['v', 'w'] as const;
const ACLS = ['deny', 'web'] as const;
const BRIDGES = [10, 20, 9000, 9001] as const;

/** Each port has one sub-interface: when a port goes, VPP frees those of several in the order of a hash table. */
const subOf = (port: string): string => `${port}.sub`;
const vlanOf = (port: (typeof PORTS)[number]): number => 100 + PORTS.indexOf(port);

/** What every sequence begins with. The uplink stays in L3 mode: it is the tunnels' way out. */
export const groundwork: readonly Step[] = [
  addPort('uplink', null),
  address('uplink', '10.0.0.1', 24),
  neighbor('uplink', '10.0.0.2', '02:00:00:00:00:f2'),
  addPort('a', 10),
  addPort('b', 10),
  addPort('c', 20),
];

/** What every sequence ends with. */
export const lastLooks: readonly Step[] = [
  look('interfaces'),
  look('bits'),
  look('spans'),
  look('bridge domains'),
  look('cross-connects'),
  look('acls'),
  look('tunnels'),
  look('counters'),
];

const port = fc.constantFrom(...PORTS);
const loop = fc.constantFrom(...LOOPBACKS);
const tunnel = fc.constantFrom(...TUNNELS);
const member = fc.oneof(port, port.map(subOf), loop, tunnel);
const bridge = fc.constantFrom(...BRIDGES);
const aclName = fc.constantFrom(...ACLS);
const group = fc.constantFrom(0, 0, 1, 2);

const mac = fc.constantFrom('02:00:00:00:00:0a', '02:00:00:00:00:0b', '02:00:00:00:00:0c');
const tags = fc.oneof(
  { weight: 4, arbitrary: fc.constant<number[]>([]) },
  port.map((name) => [vlanOf(name)]),
  port.map((name) => [vlanOf(name), 7]),
  fc.constant([300]),
);
/** One at a time: VPP takes a batch node by node, so that the second's address is learnt before the first is forwarded. */
const oneFrame: fc.Arbitrary<FrameSpec> = fc.record({
  n: fc.constant(0),
  src: mac,
  dst: fc.oneof(fc.constant('ff:ff:ff:ff:ff:ff'), mac),
  tags,
  port: fc.constantFrom(80, 53),
});

/** Joined as a member of any kind that cannot make a frame run in a circle, which VPP would follow for ever. */
const joining = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(member, bridge, group).map(([name, id, shg]) => join(name, id, shg)) },
  fc.tuple(port, bridge).map(([name, id]) => join(name, id, 0, MEMBER.unknownUnicast)),
);

const bits = fc.integer({ min: 0, max: 0x1f });

/** Without what a request should be answered: whatever VPP says is right. */
function anyAnswer(step: Step): Step {
  if (step.do !== 'call') return step;
  const { answer: _any, ...rest } = step;
  return rest;
}

/** One step: everything that the agent asks of a VPP, on few names so that they meet. */
export const randomStep: fc.Arbitrary<Step> = fc
  .oneof(
    { weight: 12, arbitrary: fc.tuple(port, oneFrame).map(([from, sent]) => send(from, sent)) },
    { weight: 2, arbitrary: fc.constantFrom(...lastLooks) },
    { weight: 5, arbitrary: joining },
    { weight: 3, arbitrary: fc.tuple(member, bridge).map(([name, id]) => leave(name, id)) },
    {
      weight: 8,
      arbitrary: fc
        .tuple(member, fc.oneof(loop, loop, member), fc.constantFrom(0, 1, 2, 3, 3))
        .map(([from, to, state]) => span(from, to, state)),
    },
    { weight: 1, arbitrary: member.map((from) => span(from, NONE, 0)) },
    { weight: 3, arbitrary: loop.map((name) => loopback(name)) },
    { weight: 3, arbitrary: fc.oneof(loop, port.map(subOf)).map((name) => up(name)) },
    { weight: 1, arbitrary: fc.oneof(loop, tunnel, port.map(subOf)).map((name) => down(name)) },
    { weight: 1, arbitrary: loop.map((name) => deleteLoopback(name)) },
    { weight: 3, arbitrary: port.map((name) => vlan(subOf(name), name, vlanOf(name))) },
    { weight: 1, arbitrary: port.map((name) => deleteSub(subOf(name))) },
    { weight: 1, arbitrary: port.map((name) => removePort(name)) },
    {
      weight: 2,
      arbitrary: fc.tuple(port, fc.constantFrom(null, ...BRIDGES)).map(([name, id]) => addPort(name, id)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(bridge, fc.boolean(), fc.boolean())
        .map(([id, learn, flood]) => bridgeDomain(id, { learn, forward: learn, uu_flood: flood })),
    },
    { weight: 1, arbitrary: bridge.map((id) => deleteBridgeDomain(id)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.oneof(port.map(subOf), member), fc.integer({ min: 0, max: 9 }))
        .map(([name, operation]) => rewrite(name, operation, 11, 12)),
    },
    { weight: 2, arbitrary: fc.tuple(member, bits, fc.boolean()).map(([name, word, set]) => flags(name, word, set)) },
    {
      weight: 1,
      arbitrary: fc.tuple(member, bits, fc.boolean()).map(([name, word, set]) =>
        call('l2_flags_set', {
          sw_if_index: of(name),
          is_set: set,
          // Flooding and learning, and on the output side sending: bits that leave no work to features we do not use.
          input_feature_bitmap: (word & 1 ? 4 : 0) | (word & 2 ? 0x200 : 0),
          output_feature_bitmap: word & 4 ? 1 : 0,
        }),
      ),
    },
    { weight: 1, arbitrary: fc.tuple(member, fc.constantFrom('taas.x', '')).map(([name, text]) => tag(name, text)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(aclName, fc.boolean())
        .map(([name, known]) => (known ? replaceAcl(name, rulesOf(name)) : acl(name, rulesOf(name)))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(member, fc.uniqueArray(aclName, { maxLength: 2 }), fc.uniqueArray(aclName, { maxLength: 1 }))
        .map(([name, input, output]) => bindAcls(name, input, output)),
    },
    { weight: 1, arbitrary: aclName.map((name) => deleteAcl(name)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tunnel, fc.boolean())
        .map(([name, isAdd]) => vxlan(name, { vni: TUNNELS.indexOf(name) + 1 }, isAdd)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.oneof(port, loop, port.map(subOf)), fc.oneof(port, port.map(subOf), tunnel), fc.boolean())
        .map(([from, to, enable]) => crossConnect(from, to, enable)),
    },
  )
  .map(anyAnswer);

function rulesOf(name: (typeof ACLS)[number]) {
  return name === 'deny' ? [] : [udpRule(true, 80, 80), udpRule(false)];
}

/** The steps with their frames numbered, so that each can be told from every other. */
export function numbered(steps: readonly Step[]): Step[] {
  let n = 0;
  return steps.map((step) =>
    step.do === 'send' ? { ...step, frames: step.frames.map((frame) => ({ ...frame, n: ++n })) } : step,
  );
}
