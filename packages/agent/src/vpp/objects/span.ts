import type { SpanState, SpanStep, VppSnapshot } from '@taas/wiring';
import type { Vpp } from '../vpp-messages.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

/** Above this many mirrors the table is too long to be read after each change: VPP cannot dump a part of it. */
const longTable = 2000;

export function hasManySpans({ spans }: Pick<VppSnapshot, 'spans'>): boolean {
  return spans.size > longTable;
}

export const spanTwin: Twin<SpanStep> = {
  send: {
    'set-span': async ({ from, to, state }, { vpp, snapshot, at }) => {
      await setSpan(vpp, from, at(to), state);
      // The table is too long to be read after each change, and VPP has just said that it is so.
      snapshot.spans.put(from, at(to), state);
    },
  },
  needs: [],
  readAll: readSpans,
  readsLast: false,
  readTouched: async (context) => {
    if (!hasManySpans(context.snapshot)) await readSpans(context);
  },
  readTagged: nothing,
  readOn: nothing,
};

export async function setSpan(vpp: Vpp, from: number, to: number, state: SpanState): Promise<void> {
  await vpp.request('sw_interface_span_enable_disable', {
    sw_if_index_from: from,
    sw_if_index_to: to,
    state,
    is_l2: true,
  });
}

/** All mirrors: VPP cannot list a part of them. */
export async function readSpans({ vpp, snapshot }: ReadContext): Promise<void> {
  const spans = await vpp.dump('sw_interface_span_dump', { is_l2: true });
  snapshot.spans.replace(spans.map((d) => [d.sw_if_index_from, d.sw_if_index_to, (d.state & 3) as SpanState] as const));
}
