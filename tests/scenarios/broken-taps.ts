import { compareFrames, udp } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Breakage, breakagesAtCollector, breakagesAtSource } from './breakages.js';
import { ReportedStates } from './reported-states.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';
import { Vandal } from './vandal.js';

const nodes = ['node-a', 'node-b'];
const filterRules = [{ action: 'accept', protocol: 17, destination_port: '2000' }];
/** Nobody comes round to look at everything: what is seen was told by VPP, or found by the cheap look. */
const neverWhole = { intervals: { verify_ms: 3_600_000 } };
/** On a busy machine a poll takes long, and the next one comes twenty times as much later. */
const patienceMs = 90_000;

/** Taps that somebody breaks in the switch, on whatever switch: seen, said, mended, and nothing else touched. */
export function describeBrokenTaps(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  let world: World;
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
  });

  for (const transport of ['vlan', 'vxlan'] as const) {
    describe(`${name}: a tap over ${transport} that is broken behind the agent's back`, () => {
      const scenarios = [
        ['node-b', breakagesAtCollector(transport)],
        ['node-a', breakagesAtSource(transport)],
      ] as const;
      for (const [node, breakages] of scenarios)
        it(`is mended by itself on ${node}, whatever was done to it`, { timeout: 600_000 }, async () => {
          lab = await TapLab.start({ ...settings(), nodes, transport, agent: neverWhole });
          world = await World.make(lab);
          for (const breakage of breakages) await world.suffers(node, breakage);
          await world.suffers(node, {
            name: 'takes the sources out of layer 2 and puts them back',
            happen: async () => {
              for (const { port } of world.vmsOf(node)) {
                await lab.cloud.node(node).switch.bridgePort(port, null);
                await lab.cloud.node(node).switch.bridgePort(port, port.bridgeDomain);
              }
            },
          });
        });

      for (const node of nodes)
        it(`says that the uplink of ${node} is down, leaves it so, and copies when it is up`, {
          timeout: 300_000,
        }, async () => {
          lab = await TapLab.start({ ...settings(), nodes, transport, agent: neverWhole });
          world = await World.make(lab);
          const vandal = await Vandal.at(lab.cloud.node(node).switch);
          try {
            const uplink = await vandal.uplink();
            await vandal.setUp(uplink, false);
            await lab.eventually(async () => {
              for (const flow of world.remoteFlows) {
                const { status, status_reason: reason } = await lab.client.show('tap_flows', flow);
                expect(`${status} ${reason}`).toMatch(
                  transport === 'vlan'
                    ? new RegExp(`^PENDING_CREATE the uplink ${uplink.interface_name} of physnet \\S+ is down$`)
                    : /^PENDING_CREATE (the interface \S+ towards 10\.99\.0\.\d is down|this node has no route to)/,
                );
              }
            }, patienceMs);
            expect((await vandal.uplink()).flags & 1).toBe(0);
            await vandal.setUp(uplink, true);
            await world.mended(`uplink of ${node}`);
          } finally {
            await vandal.leave();
          }
        });
    });
  }
}

/** Two sources on each node, one of them filtered; all go to one service, and one of each node to a second one too. */
class World {
  private constructor(
    private readonly lab: TapLab,
    private readonly collectors: readonly [Collector, Collector],
    private readonly plain: readonly TestVm[],
    private readonly filtered: readonly TestVm[],
    private readonly flows: readonly string[],
    readonly remoteFlows: readonly string[],
  ) {}

  static async make(lab: TapLab): Promise<World> {
    const collectors = [await lab.collector('node-b'), await lab.collector('node-b')] as const;
    const services = [await lab.service(collectors[0]), await lab.service(collectors[1])] as const;
    const [plain, filtered]: [TestVm[], TestVm[]] = [[], []];
    const [flows, remote]: [string[], string[]] = [[], []];
    for (const node of nodes) {
      const [open, picky] = [await lab.vm(node), await lab.vm(node)];
      plain.push(open);
      filtered.push(picky);
      const made = [
        await lab.flow(services[0], open),
        await lab.flow(services[1], open),
        await lab.flow(services[0], picky, 'BOTH', { filterRules }),
      ];
      flows.push(...made);
      if (node === 'node-a') remote.push(...made);
    }
    await lab.active(...flows);
    for (const node of nodes) {
      const vandal = await Vandal.at(lab.cloud.node(node).switch);
      await vandal.makeTheirs();
      await vandal.leave();
    }
    return new World(lab, collectors, plain, filtered, flows, remote);
  }

  vmsOf(node: string): TestVm[] {
    return [...this.plain, ...this.filtered].filter((vm) => vm.node === node);
  }

  /** The breakage under traffic: meanwhile nothing arrives twice or elsewhere; then all is as it was. */
  async suffers(node: string, { name, happen, garbles = false }: Breakage): Promise<void> {
    const { lab } = this;
    const what = `${node}: somebody ${name}`;
    const vandal = await Vandal.at(lab.cloud.node(node).switch);
    const published = await ReportedStates.listen(lab.cloud.store, nodes);
    try {
      const before = await vandal.inventory();
      await this.#underTraffic(what, garbles, async () => {
        await happen(vandal);
        await lab.eventually(async () => {
          expect(
            published.all.map(({ status }) => status),
            what,
          ).toContain('DOWN');
        }, patienceMs);
        await lab.eventually(async () => {
          expect({ what, ...(await vandal.inventory()) }).toEqual({ what, ...before });
        }, patienceMs);
      });
      await this.mended(what);
    } finally {
      await published.stop();
      await vandal.leave();
    }
  }

  /** All taps ACTIVE, and copies exact. */
  async mended(what: string): Promise<void> {
    const { lab, flows, plain, filtered, collectors } = this;
    await lab.eventually(async () => {
      for (const flow of flows) {
        const { status, status_reason: reason } = await lab.client.show('tap_flows', flow);
        expect({ what, status, reason }).toEqual({ what, status: 'ACTIVE', reason: '' });
      }
    }, patienceMs);
    for (const [n, collector] of collectors.entries())
      await lab.expectAt(collector, `${what}; collector ${n}`, async () => {
        const expected: Uint8Array[] = [];
        for (const vm of [...plain, ...filtered]) {
          const [out, into] = [lab.frames(5), lab.frames(5)];
          const others = filtered.includes(vm) ? [unwanted] : [];
          await lab.sends(vm, [...out, ...others]);
          await lab.isSent(vm, [...into, ...others]);
          if (n === 0 || plain.includes(vm)) expected.push(...out, ...into);
        }
        return expected;
      });
  }

  async #underTraffic(what: string, garbles: boolean, work: () => Promise<void>): Promise<void> {
    const { lab, plain, collectors } = this;
    const [collector] = collectors;
    const capture = await lab.cloud.node(collector.node).switch.capture(collector.port);
    const stop = new AbortController();
    const sent: Uint8Array[] = [];
    const talking = (async () => {
      while (!stop.signal.aborted) {
        for (const vm of plain) {
          const frames = lab.frames(5);
          sent.push(...frames);
          await lab.sends(vm, frames);
        }
        await lab.clock.sleep(20);
      }
    })();
    try {
      await work();
    } finally {
      stop.abort();
      await talking;
      const captured = await capture.stop();
      const { duplicated, foreign } = compareFrames(sent, garbles ? [] : captured);
      expect({ what, duplicated: duplicated.length, foreign: foreign.length }).toEqual({
        what,
        duplicated: 0,
        foreign: 0,
      });
    }
  }
}

/** What no filter lets pass. */
const unwanted = udp({
  ...{ src: '02:aa:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff', srcIp: '192.0.2.1', dstIp: '192.0.2.255' },
  ...{ srcPort: 1000, dstPort: 3000, payload: new Uint8Array(64) },
});
