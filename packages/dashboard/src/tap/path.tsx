import type { Loss, Stage, Statistics } from '../api/shapes.js';
import { Columns } from '../parts/columns.js';
import { bytes, short } from '../parts/format.js';

const words: Readonly<Record<string, string>> = {
  seen: 'seen at the port',
  copied: 'copied by VPP',
  filtered: 'not wanted by the filter',
  thinned: 'over the budget',
  sent: 'sent to the other node',
  arrived: 'arrived there',
  receipts: 'receipts, which are no copies',
  offered: 'offered to the collector',
  ring_dropped: 'its ring was full',
  no_vm: 'nobody connected',
  delivered: 'delivered',
};

const causes: Readonly<Record<string, string>> = {
  not_mirrored: 'while the tap did not stand',
  thinned: 'over the operator’s budget',
  underlay: 'between the nodes',
  ring_full: 'the collector was too slow',
  no_vm: 'no VM at the collector’s port',
  unaccounted: 'no counter says why',
};

/** What falls out on the path is not a station of it. */
const aside: ReadonlySet<string> = new Set(['filtered', 'thinned', 'receipts', 'ring_dropped', 'no_vm']);

/** The path of a copy, with what has been counted at each station. */
export function PathOf({ statistics, label }: { readonly statistics: Statistics; readonly label: string }) {
  if (statistics.stages.length === 0) return <p class="quiet">Nothing has been counted yet.</p>;
  return (
    <ol class="path" aria-label={label}>
      {[...new Set(statistics.stages.map(({ stage }) => stage))].map((stage) => (
        <Station key={stage} stage={stage} counted={statistics.stages.filter((each) => each.stage === stage)} />
      ))}
    </ol>
  );
}

function Station({ stage, counted }: { readonly stage: string; readonly counted: readonly Stage[] }) {
  const packets = counted.reduce((sum, each) => sum + each.packets, 0);
  const octets = counted.some((each) => each.bytes === null)
    ? null
    : counted.reduce((sum, each) => sum + (each.bytes ?? 0), 0);
  const parts = counted.flatMap((each) =>
    each.direction === undefined ? [] : [`${each.direction} ${short(each.packets)}`],
  );
  return (
    <li class={aside.has(stage) ? 'aside' : ''}>
      <span class="quiet">{words[stage] ?? stage}</span>
      <strong title={`${packets} packets`}>{short(packets)}</strong>
      <span class="quiet">{octets === null ? 'packets' : `packets, ${bytes(octets)}`}</span>
      {parts.length > 1 ? <span class="quiet">{parts.join(', ')}</span> : null}
    </li>
  );
}

export function Losses({ lost }: { readonly lost: readonly Loss[] }) {
  const some = lost.filter(({ packets }) => packets !== 0);
  if (some.length === 0) return <p>Nothing was lost.</p>;
  const sum = some.reduce((all, { packets }) => all + Math.max(0, packets), 0);
  return (
    <table class="plain">
      <Columns names={['Lost because', 'Packets', 'Share']} />
      <tbody>
        {some.map(({ cause, packets }) => (
          <tr key={cause}>
            <th scope="row">{causes[cause] ?? cause}</th>
            <td title={String(packets)}>{short(packets)}</td>
            <td>
              <meter
                class="bar bad"
                min={0}
                max={1}
                value={sum === 0 ? 0 : Math.max(0, packets) / sum}
                aria-label="share"
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
