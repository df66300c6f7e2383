import { keys, tapServiceCodec } from '@taas/model';
import type { Logger } from '@taas/service';
import type { Store } from '@taas/store';
import type { Behalves } from '../../auth/actor.js';
import type { Step } from '../../compiler/step.js';
import { packSteps } from '../../compiler/transactions.js';
import type { ClusterView } from '../../view/cluster-view.js';
import type { Entry } from '../../view/entry.js';
import type { LiveView } from '../../view/live-view.js';
import type { OwnWrites } from '../../view/own-writes.js';
import { portTapped } from '../../view/tapped-ports.js';

export interface PortRemovalDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly writes: OwnWrites;
  readonly catchUpMs: number;
  /** Tells the audit trail why. */
  readonly behalves?: Behalves | undefined;
}

/** What {@link removeTapsIfGone} needs besides. */
export interface GonePortDeps extends PortRemovalDeps {
  readonly logger: Logger;
}

/** Others went on changing the taps of a deleted port. */
export class PortRemovalError extends Error {
  override readonly name = 'PortRemovalError';
}

const attempts = 20;

/**
 * After a DELETE of a port that somebody has answered with success: removes all taps of the port if it is gone. If that is not
 * certain they stay; the leader looks at ports with taps again and again, and removes them when it is.
 * @param isGone asked only if the port has taps
 * @returns whether the port is known to be gone, or has no taps
 * @throws as `isGone` and {@link removeTapsOfPort}
 */
export async function removeTapsIfGone(
  deps: GonePortDeps,
  port: string,
  isGone: () => Promise<boolean>,
): Promise<boolean> {
  const { store, live, logger } = deps;
  if (!portTapped(live.view, port) && (await store.get(keys.portRole(port))) === undefined) return true;
  if (!(await isGone())) {
    logger.warn(
      { port_id: port },
      'a DELETE of the port was answered with success, but Neutron does not say that it is gone',
    );
    return false;
  }
  logger.info({ port_id: port }, 'the port is gone from Neutron: its taps go with it');
  await removeTapsOfPort(deps, port);
  return true;
}

/**
 * Removes all taps of a port that is no more, whoever's they are and whatever their status: for the API they are gone at
 * once; the compiler tells the nodes, and segments and tunnel ids are free when those have confirmed.
 * @throws PortRemovalError, StoreError, ViewBehindError
 */
export async function removeTapsOfPort(deps: PortRemovalDeps, port: string): Promise<void> {
  const work = () => removeAll(deps, port);
  await (deps.behalves ? deps.behalves.run({ actor: null, because: 'its port was deleted' }, work) : work());
}

async function removeAll(deps: PortRemovalDeps, port: string): Promise<void> {
  const { store, live, writes, catchUpMs } = deps;
  // Whoever made a tap on the port has written its role in the same transaction.
  const role = await store.get(keys.portRole(port));
  await live.reached(Math.max(role?.modRevision ?? 0, writes.revision), catchUpMs);
  for (let attempt = 0; attempt < attempts; attempt++) {
    let written = 0;
    for (const transaction of packSteps(planPortRemoval(live.view, port), [])) {
      written += 1;
      const result = await store.transact(transaction);
      if (result.succeeded) writes.note(result.revision);
      const seen = result.succeeded
        ? result.revision
        : result.current.reduce((latest, entry) => Math.max(latest, entry?.modRevision ?? 0), 0);
      await live.reached(seen, catchUpMs);
      if (!result.succeeded) break;
    }
    if (written === 0) return;
  }
  throw new PortRemovalError(`the taps of port ${port} were changed by others again and again`);
}

/**
 * The next writes towards there being no taps of the port; none when there are none. A tap service is first marked, so
 * that it takes no new flows, and goes with its flows in the round after. Each tap is read when its step is asked for: the
 * view may move on meanwhile.
 */
export function* planPortRemoval(view: ClusterView, port: string): Generator<Step, void, void> {
  const services = view.servicesByPort.get(port);
  const going = services.filter((id) => view.services.get(id)?.record?.deleting === true);
  for (const id of services) {
    const entry = view.services.get(id);
    if (!entry?.record || entry.record.deleting) continue;
    const value = tapServiceCodec.format({ ...entry.record, deleting: true });
    yield { compare: [unchanged(entry)], operations: [{ kind: 'put', key: entry.key, value }] };
  }
  const seen = new Set<string>();
  for (const flows of [view.flowsByPort.get(port), ...going.map((id) => view.flowsByService.get(id))])
    for (const id of flows) {
      if (!seen.has(id)) yield* removalOf(view.flows.get(id));
      seen.add(id);
    }
  for (const id of going) yield* removalOf(view.services.get(id));
  for (const id of view.mirrors.byPort.get(port)) yield* removalOf(view.mirrors.byId.get(id));
}

type Seen = Pick<Entry<unknown>, 'key' | 'revision'>;

const unchanged = ({ key, revision }: Seen) => ({ kind: 'mod-revision', key, revision }) as const;

const removalOf = (entry: Seen | undefined): Step[] =>
  entry ? [{ compare: [unchanged(entry)], operations: [{ kind: 'delete', key: entry.key }] }] : [];
