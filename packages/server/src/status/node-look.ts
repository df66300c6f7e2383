import { type NodesReport, reportNodes } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Contained } from '../errors/contained.js';
import { BackgroundCount } from '../slices/background-count.js';
import type { Sliced, Slices } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { LiveView } from '../view/live-view.js';

export interface NodeLookDeps {
  readonly live: Pick<LiveView, 'view' | 'aheadMs'>;
  /** Of this server: agents are compared with it. */
  readonly version: string;
  readonly contained: Contained;
  readonly slices: Slices;
  readonly clock: Clock;
}

/** So many ports are looked up before others have their turn. */
const batch = 200;

/** What is wrong on nodes, as far as their agents tell; for /readyz, found out in the background. */
export class NodeLook {
  readonly #count: BackgroundCount<NodesReport | null>;

  constructor(private readonly deps: NodeLookDeps) {
    const { slices, clock, contained } = deps;
    const failed = (cause: unknown) => contained.note('the look at all nodes for /readyz', cause);
    this.#count = new BackgroundCount<NodesReport | null>({ slices, clock, failed }, () => this.#look(), null);
  }

  /** The last look; begins the next if it is time for it. Nothing before the first. */
  facts(): { readonly nodes?: NodesReport } {
    const nodes = this.#count.last();
    return nodes === null ? {} : { nodes };
  }

  /** Resolves when the look in progress has ended. */
  settled(): Promise<void> {
    return this.#count.settled();
  }

  *#look(): Sliced<NodesReport> {
    const { live, version, clock } = this.deps;
    const { view } = live;
    const mtus = yield* longestPackets(view);
    const records = [...view.agents.values()].flatMap(({ record }) => record ?? []);
    return reportNodes(records, ({ node }) => {
      const portMtu = mtus.get(node) ?? 0;
      return {
        now: clock.now(),
        version,
        aheadMs: live.aheadMs(node),
        portMtu: portMtu === unknownMtu ? null : portMtu,
      };
    });
  }
}

/** In {@link longestPackets}: nobody knows. */
export const unknownMtu = Number.POSITIVE_INFINITY;

/** By node, the longest packet of its tapped ports as Neutron says it; {@link unknownMtu} where it does not say it of one. */
export function* longestPackets(view: ClusterView): Sliced<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  let looked = 0;
  for (const ports of [view.flowsByPort.keys(), view.mirrors.byPort.keys()])
    for (const port of ports) {
      const place = view.places.of(port);
      if (place.is === 'bound')
        found.set(place.node, Math.max(found.get(place.node) ?? 0, place.mtu === null ? unknownMtu : place.mtu));
      // Ports that came or went meanwhile may or may not count: a map can be gone through while it changes.
      if (++looked % batch === 0) yield;
    }
  return found;
}
