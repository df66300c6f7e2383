import { projectOf } from '../../scenarios/mesh/mesh-model.js';
import type { Random } from '../random.js';
import { ask } from './api.js';
import { freeCollectors, freeSources, someMirrors, type World } from './world.js';

const pauseMs = { first: 5, last: 50 };

/** What users and Neutron do meanwhile: taps made, changed, looked at and deleted, ports that move. Until `signal` aborts. */
export async function load(world: World, random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await once(world, random);
    await world.cloud.clock.sleep(random.int(pauseMs.first, pauseMs.last), signal).catch(() => undefined);
  }
}

async function once(world: World, random: Random): Promise<void> {
  const { ledger, cloud } = world;
  const server = random.int(0, 1);
  const services = ledger.living('tap_services').filter(({ port }) => isFree(port));
  const flows = ledger.living('tap_flows').filter(({ port }) => isFree(port));
  const choice = random.next();
  if (choice < 0.15) {
    await world.createService(random.pick(freeCollectors), server);
  } else if (choice < 0.5) {
    // Also to the services that nobody else touches: their taps must not notice.
    const port = random.pick(freeSources);
    const own = ledger.living('tap_services').filter(({ project }) => project === projectOf(port));
    const direction = random.pick(['IN', 'OUT', 'BOTH'] as const);
    if (own.length > 0) await world.createFlow(random.pick(own), port, direction, server);
  } else if (choice < 0.65) {
    if (flows.length > 0) await world.remove(random.pick(flows), server);
  } else if (choice < 0.7) {
    if (services.length > 0) await world.remove(random.pick(services), server);
  } else if (choice < 0.8) {
    const taps = [...ledger.living('tap_services'), ...ledger.living('tap_flows')];
    if (taps.length > 0) await world.rename(random.pick(taps), server);
  } else if (choice < 0.9) {
    await ask(cloud, server, 'GET', random.pick(['tap_services', 'tap_flows']), 'project-a');
  } else await move(world, random);
}

/** What users of tap mirrors do meanwhile. Until `signal` aborts. */
export async function mirrorLoad(world: World, random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await world.cloud.clock.sleep(random.int(2 * pauseMs.first, 4 * pauseMs.last), signal).catch(() => undefined);
    const server = random.int(0, 1);
    const mirrors = world.ledger.living('tap_mirrors').filter(({ port }) => isFree(port));
    const choice = random.next();
    if (choice < 0.5) {
      // Also of ports of taps that nobody else touches.
      const port = random.pick([...freeSources, ...freeCollectors, 4]);
      await world.createMirror(port, random.pick(world.cloud.mirrorTypes), random.pick(someMirrors), server);
    } else if (mirrors.length > 0) {
      const mirror = random.pick(mirrors);
      if (choice < 0.8) await world.remove(mirror, server);
      else await world.rename(mirror, server);
    }
  }
}

async function move(world: World, random: Random): Promise<void> {
  const port = random.pick([...freeSources, ...freeCollectors]);
  const node = random.int(0, world.nodes - 1);
  const how = random.pick(['place', 'replug', 'leave-and-join'] as const);
  world.note(`${how} port ${port}${how === 'place' ? ` on node ${node}` : ''}`);
  if (how === 'place') return world.placePort(port, node);
  if (how === 'leave-and-join') return world.leaveAndJoin(port);
  await world.unplug(port);
  await world.plug(port);
}

function isFree(port: number): boolean {
  return [...freeSources, ...freeCollectors].some((each) => each === port);
}
