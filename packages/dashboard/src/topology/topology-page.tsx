import { useComputed } from '@preact/signals';
import { Notice, Wide } from '../parts/small.js';
import { useServices } from '../services.js';
import { type Flow, type Group, type Topology, topologyOf } from './topology.js';

const size = { width: 900, box: 210, line: 44, height: 34, top: 28 } as const;
const lefts = [0, (size.width - size.box) / 2, size.width - size.box] as const;

/** Sources, transports and collectors, with what goes between; its places do not move. */
export function TopologyPage() {
  const { taps } = useServices();
  const topology = useComputed(() => topologyOf(taps.rows.value, taps.services.value, taps.ports.value));
  const shown = topology.value;
  return (
    <>
      <h1 tabIndex={-1}>Topology</h1>
      {shown.flows.length === 0 ? (
        <Notice tone="quiet">There are no flows and no mirrors in this project.</Notice>
      ) : (
        <>
          <div class="card">
            <Wide label="Drawing">
              <Drawing {...shown} />
            </Wide>
          </div>
          <details class="card">
            <summary>The same as a list</summary>
            <FlowList {...shown} />
          </details>
        </>
      )}
    </>
  );
}

function Drawing({ sources, transports, collectors, flows }: Topology) {
  const columns = [sources, transports, collectors] as const;
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  for (const [at, groups] of columns.entries())
    for (const [line, { key }] of groups.entries())
      places.set(`${at} ${key}`, { x: lefts[at] ?? 0, y: size.top + line * size.line });
  const lines = Math.max(...columns.map(({ length }) => length));
  const inColumn = (column: number, key: string) => places.get(`${column} ${key}`);
  const sourceKeys = new Set(sources.map(({ key }) => key));
  const most = Math.max(...flows.map(({ taps }) => taps));
  return (
    <svg
      class="topology"
      viewBox={`0 0 ${size.width} ${size.top + lines * size.line}`}
      role="img"
      aria-label="Where copies go; the list below says the same"
    >
      {['From', 'By', 'To'].map((title, at) => (
        <text key={title} class="column-title" x={lefts[at]} y={14}>
          {title}
        </text>
      ))}
      {flows.map((flow) => {
        const first = sourceKeys.has(flow.from) && inColumn(1, flow.to) !== undefined;
        const [from, to] = first
          ? [inColumn(0, flow.from), inColumn(1, flow.to)]
          : [inColumn(1, flow.from), inColumn(2, flow.to)];
        return from && to ? <Ribbon key={`${flow.from} ${flow.to}`} {...{ flow, from, to, most }} /> : null;
      })}
      {columns.map((groups, at) =>
        groups.map((group) => {
          const place = inColumn(at, group.key);
          return place === undefined ? null : <Box key={`${at} ${group.key}`} group={group} {...place} />;
        }),
      )}
    </svg>
  );
}

interface RibbonProps {
  readonly flow: Flow;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  readonly most: number;
}

function Ribbon({ flow, from, to, most }: RibbonProps) {
  const [x1, y1, x2, y2] = [from.x + size.box, from.y + size.height / 2, to.x, to.y + size.height / 2];
  const bend = (x2 - x1) / 2;
  return (
    <path
      class={flow.active === flow.taps ? 'ribbon' : 'ribbon warn'}
      d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`}
      stroke-width={1.5 + (10 * Math.sqrt(flow.taps)) / Math.sqrt(most)}
    />
  );
}

function Box({ group, x, y }: { readonly group: Group; readonly x: number; readonly y: number }) {
  const { label, taps, active } = group;
  const text = label.length > 24 ? `${label.slice(0, 23)}…` : label;
  return (
    <g transform={`translate(${x}, ${y})`} class={active === taps ? 'box' : 'box warn'}>
      <title>{`${label}: ${active} of ${taps} taps ACTIVE`}</title>
      <rect width={size.box} height={size.height} rx={6} />
      <text x={10} y={21}>
        {text}
      </text>
      <text x={size.box - 10} y={21} text-anchor="end" class="quiet">
        {active === taps ? taps : `${active}/${taps}`}
      </text>
    </g>
  );
}

function FlowList({ sources, transports, collectors, flows }: Topology) {
  const labels = new Map([...sources, ...transports, ...collectors].map(({ key, label }) => [key, label]));
  return (
    <ul>
      {flows.map(({ from, to, taps, active }) => (
        <li key={`${from} ${to}`}>
          {labels.get(from)} → {labels.get(to)}: {active} of {taps} taps ACTIVE
        </li>
      ))}
    </ul>
  );
}
