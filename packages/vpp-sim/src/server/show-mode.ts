import type { Engine } from '../engine/engine.js';
import type { Interface } from '../engine/interface.js';

/** The line of an interface in what VPP's command `show mode` prints (vnet/l2/l2_input.c, show_int_mode). */
export function showMode({ name, swIfIndex }: Interface, engine: Engine): string {
  const config = engine.l2.find(swIfIndex);
  if (config?.mode === 'bridge') return `l2 bridge ${name} bd_id ${config.bd?.id ?? 0} shg 0\n`;
  if (config?.mode === 'xconnect') {
    const other = [...engine.interfaces.all()].find((each) => each.swIfIndex === config.xconnectTo);
    return `l2 xconnect ${name} ${other?.name ?? ''}\n`;
  }
  return `l3 ${name}  \n`;
}
