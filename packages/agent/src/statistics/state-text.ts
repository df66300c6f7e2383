import { stages } from '@taas/model';
import type { Sliced } from '@taas/service';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { counterNames, eachCounter } from '../vpp/interface-counters.js';
import type { TapName } from '../wanted/tap-ids.js';
import type { AccumulatorState } from './accumulator.js';
import type { TapTotals } from './tap-totals.js';

const Big = Type.String({ pattern: '^-?[0-9]{1,20}$' });
/** In the order of {@link counterNames}: a file with fewer is an older agent's, and is not read. */
const Counters = Type.Array(Big, { minItems: counterNames.length, maxItems: counterNames.length });
const Amount = Type.Object({
  stage: Type.Enum([...stages]),
  direction: Type.Enum(['IN', 'OUT', 'BOTH']),
  packets: Big,
  bytes: Type.Union([Big, Type.Null()]),
});
const State = Type.Object({
  v: Type.Literal(1),
  boot: Type.Union([Type.String(), Type.Null()]),
  saved_at: Type.Integer({ minimum: 0 }),
  taps: Type.Array(
    Type.Object({
      tap: Type.String({ pattern: '^(tap_services|tap_flows|tap_mirrors)/[0-9a-f-]{36}$' }),
      since: Type.Integer({ minimum: 0 }),
      amounts: Type.Array(Amount, { maxItems: 64 }),
      gaps: Type.Array(
        Type.Object({
          cause: Type.Enum(['not_active', 'vpp_restarted', 'agent_restarted', 'no_counters']),
          milliseconds: Type.Integer({ minimum: 0 }),
          packets: Type.Union([Big, Type.Null()]),
        }),
        { maxItems: 16 },
      ),
      /** Absent: of an agent that did not note it. */
      unknown: Type.Optional(Type.Array(Type.Enum([...stages]), { maxItems: stages.length })),
      points: Type.Array(Type.String()),
      carry: Type.Array(Type.Tuple([Type.String(), Big])),
    }),
  ),
  interfaces: Type.Array(Type.Object({ index: Type.Integer({ minimum: 0 }), label: Type.String(), counted: Counters })),
  policers: Type.Array(
    Type.Object({
      name: Type.String(),
      counted: Type.Array(Big, { minItems: 4, maxItems: 4 }),
    }),
  ),
});
const validator = Compile(State);
type SavedTap = Static<typeof State>['taps'][number];

/** What an agent has counted, as its state file holds it; yields after each tap, since there are many. */
export function* formatting(state: AccumulatorState, savedAt: number): Sliced<string> {
  const taps: string[] = [];
  for (const [tap, totals] of state.taps) {
    taps.push(JSON.stringify(tapText(tap, totals)));
    yield;
  }
  const interfaces: string[] = [];
  for (const [index, { who, value }] of state.interfaces) {
    interfaces.push(
      JSON.stringify({ index, label: who.label, counted: counterNames.map((name) => String(value[name])) }),
    );
    yield;
  }
  const policers = Array.from(state.policers, ([name, { value }]) =>
    JSON.stringify({
      name,
      counted: [value.passedPackets, value.passedBytes, value.droppedPackets, value.droppedBytes].map(String),
    }),
  );
  const head = `"v":1,"boot":${JSON.stringify(state.boot)},"saved_at":${savedAt}`;
  return `{${head},"taps":[${taps.join()}],"interfaces":[${interfaces.join()}],"policers":[${policers.join()}]}`;
}

function tapText(tap: TapName, { since, amounts, gaps, unknown, points, carry }: TapTotals): SavedTap {
  return {
    tap,
    since,
    amounts: Array.from(amounts.values(), ({ stage, direction, amount: { packets, bytes } }) => ({
      stage,
      direction,
      packets: String(packets),
      bytes: bytes === null ? null : String(bytes),
    })),
    gaps: Array.from(gaps, ([cause, { milliseconds, packets }]) => ({
      cause,
      milliseconds,
      packets: packets === null ? null : String(packets),
    })),
    unknown: [...unknown],
    points: [...points],
    carry: Array.from(carry, ([key, value]) => [key, String(value)] as [string, string]),
  };
}

/**
 * @returns null if it is not what {@link formatting} writes: another version's, or half a file
 */
export function parseState(text: string): { readonly state: AccumulatorState; readonly savedAt: number } | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!validator.Check(json)) return null;
  const saved = json as Static<typeof State>;
  const taps = new Map<TapName, TapTotals>();
  for (const { tap, since, amounts, gaps, unknown = [], points, carry } of saved.taps)
    taps.set(tap as TapName, {
      since,
      amounts: new Map(
        amounts.map(({ stage, direction, packets, bytes }) => [
          `${stage} ${direction}`,
          { stage, direction, amount: { packets: BigInt(packets), bytes: bytes === null ? null : BigInt(bytes) } },
        ]),
      ),
      gaps: new Map(
        gaps.map(({ cause, milliseconds, packets }) => [
          cause,
          { milliseconds, packets: packets === null ? null : BigInt(packets) },
        ]),
      ),
      unknown: new Set(unknown),
      points: new Set(points),
      carry: new Map(carry.map(([key, value]) => [key, BigInt(value)])),
      figures: null,
    });
  const interfaces = new Map(
    saved.interfaces.map(({ index, label, counted }) => {
      const value = eachCounter((name) => BigInt(counted[counterNames.indexOf(name)] ?? 0));
      return [index, { who: { birth: null, label }, value }] as const;
    }),
  );
  const policers = new Map(
    saved.policers.map(({ name, counted }) => {
      const [passedPackets = 0n, passedBytes = 0n, droppedPackets = 0n, droppedBytes = 0n] = counted.map(BigInt);
      return [
        name,
        { who: { birth: null, label: name }, value: { passedPackets, passedBytes, droppedPackets, droppedBytes } },
      ] as const;
    }),
  );
  const { boot } = saved;
  return { state: { boot, taps, interfaces, policers }, savedAt: saved.saved_at };
}
