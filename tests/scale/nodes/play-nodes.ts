import { systemClock } from '@taas/service';
import { nodeName, tunnelAddress } from '../population.js';
import type { Answer, Facts, GroupSetup, Request } from './messages.js';
import { type NodeFigures, PlayedNode } from './played-node.js';

/** The channel to whoever started this process. */
interface Channel {
  readonly argv: readonly string[];
  send?(message: Answer | { readonly ready: true }): unknown;
  on(event: 'message', listener: (message: Request) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** Plays the nodes of {@link GroupSetup}, the last argument, until the channel is closed. */
export async function playNodes(channel: Channel): Promise<void> {
  const setup = JSON.parse(channel.argv.at(-1) ?? '') as GroupSetup;
  const { endpoints, leaseSeconds, first, count } = setup;
  const figures: NodeFigures = { steps: {}, failures: 0 };
  const nodes = new Map<number, PlayedNode>();
  for (let n = first; n < first + count; n += 1) {
    const place = { node: nodeName(n), tunnelAddress: tunnelAddress(n) };
    nodes.set(
      n,
      new PlayedNode({ ...place, endpoints, leaseSeconds, clock: systemClock, random: Math.random }, figures),
    );
  }
  const carryOut = async (request: Request): Promise<void> => {
    if (request.do === 'facts') return;
    const { nodes: asked, overMs } = request;
    const ours = asked.flatMap((n) => nodes.get(n) ?? []);
    const stops: Promise<void>[] = [];
    for (const node of ours) {
      if (request.do === 'start') node.start();
      else stops.push(node.stop());
      if (overMs > 0) await systemClock.sleep(overMs / ours.length);
    }
    await Promise.all(stops);
  };
  channel.on('message', (request) => {
    carryOut(request).then(
      () => channel.send?.({ id: request.id, facts: factsOf(nodes.values(), figures) }),
      (error: unknown) =>
        channel.send?.({ id: request.id, facts: factsOf(nodes.values(), figures), problem: String(error) }),
    );
  });
  channel.send?.({ ready: true });
  await new Promise<void>((resolve) => channel.on('disconnect', resolve));
}

function factsOf(nodes: Iterable<PlayedNode>, { steps, failures }: NodeFigures): Facts {
  const sum = { ready: 0, active: 0, taps: 0 };
  for (const node of nodes) {
    const { active, taps, complete } = node.standing;
    sum.ready += node.running && complete ? 1 : 0;
    sum.active += active;
    sum.taps += taps;
  }
  return { ...sum, steps, failures };
}
