import { idOf, idsOf, linksOf, parseOwnTag, physnetTagPrefix, portTagPrefix, type Wanted } from '@taas/wiring';
import { type GatheredTaps, noTaps } from './tap-ids.js';

/** The taps that interfaces with these tags have to do with: their ports, their uplinks, and what we made for them. */
export function affectedTaps(tags: Iterable<string>, wanted: Wanted): GatheredTaps {
  const affected = noTaps();
  const ports = new Set<string>();
  const physnets = new Set<string>();
  for (const tag of tags) {
    const own = parseOwnTag(tag);
    if (own) idsOf(own, affected).add(idOf(own));
    else if (tag.startsWith(portTagPrefix)) ports.add(tag.slice(portTagPrefix.length).toLowerCase());
    else if (tag.startsWith(physnetTagPrefix)) physnets.add(tag.slice(physnetTagPrefix.length));
  }
  if (physnets.size > 0)
    for (const service of wanted.serviceIds())
      for (const link of linksOf(service, wanted))
        if (link.type === 'vlan' && physnets.has(link.physnet)) affected.services.add(service);
  if (ports.size === 0) return affected;
  for (const { record } of wanted.services())
    if (ports.has(record.port_id.toLowerCase())) affected.services.add(record.id);
  for (const { record } of wanted.flows())
    if (ports.has(record.source_port.toLowerCase())) affected.flows.add(record.id);
  for (const { record } of wanted.mirrors.all())
    if (ports.has(record.port_id.toLowerCase())) affected.mirrors.add(record.id);
  return affected;
}
