// biome-ignore-all lint/a11y/useFocusableInteractive: its lines are to be read; what can be followed in them has the focus
// biome-ignore-all lint/a11y/useSemanticElements: lines of a table that is drawn in part stand where they belong, which cells of HTML cannot
import { useEffect, useRef, useState } from 'preact/hooks';
import { CompletenessBar, Status } from '../parts/small.js';
import { linkTo } from '../route.js';
import { useServices } from '../services.js';
import { kindWords, nameOr, portName, type TapRow } from './tap-row.js';
import { useCompleteness } from './use-completeness.js';
import { type VirtualWindow, virtualWindow } from './virtual-window.js';

const columns = ['Name', 'Kind', 'Port', 'To', 'Direction', 'Status', 'Complete', 'Reason'] as const;

/** What a line takes, as the style sheet has it; on a narrow screen a line has two. */
const lineHeight = { wide: 34, narrow: 64 } as const;

/** A list of which only what is seen is drawn: ten thousand lines cost what thirty do. */
export function TapTable({ rows }: { readonly rows: readonly TapRow[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 800, line: lineHeight.wide as number });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const narrow = matchMedia('(max-width: 700px)');
    const look = () =>
      setPlace({
        ...{ top: element.scrollTop, height: element.clientHeight },
        line: narrow.matches ? lineHeight.narrow : lineHeight.wide,
      });
    look();
    const size = new ResizeObserver(look);
    size.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      size.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const seen = virtualWindow(place.top, place.height, place.line, rows.length);
  return (
    // It scrolls by the keyboard as well.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse
    <div ref={scroller} class="scroller" tabIndex={0} role="region" aria-label="Taps">
      <div role="table" aria-rowcount={rows.length + 1} class="taps">
        <div role="row" class="line head" aria-rowindex={1}>
          {columns.map((column) => (
            <span role="columnheader" key={column}>
              {column}
            </span>
          ))}
        </div>
        <div role="rowgroup" class="lines" style={{ height: `${rows.length * place.line}px` }}>
          <Lines rows={rows} seen={seen} line={place.line} />
        </div>
      </div>
    </div>
  );
}

function Lines({
  rows,
  seen,
  line,
}: {
  readonly rows: readonly TapRow[];
  readonly seen: VirtualWindow;
  readonly line: number;
}) {
  const drawn = rows.slice(seen.first, seen.end);
  const completeness = useCompleteness(drawn);
  return (
    <>
      {drawn.map((row, at) => (
        <Line
          key={row.id}
          {...{ row, share: completeness.get(row.id), number: seen.first + at + 2 }}
          top={(seen.first + at) * line}
        />
      ))}
    </>
  );
}

interface LineProps {
  readonly row: TapRow;
  readonly share: number | null | undefined;
  /** In the table, its head included. */
  readonly number: number;
  readonly top: number;
}

function Line({ row, share, number, top }: LineProps) {
  const { taps } = useServices();
  const ports = taps.ports.value;
  const { destination } = row;
  const to =
    destination === null
      ? ''
      : destination.is === 'address'
        ? destination.text
        : nameOr(taps.services.value.get(destination.id)?.name, destination.id);
  return (
    <div role="row" class="line" aria-rowindex={number} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" class="name">
        <a href={linkTo('tap', row.kind, row.id)}>{nameOr(row.name, row.id)}</a>
      </span>
      <span role="cell">{kindWords[row.kind]}</span>
      <span role="cell">{portName(ports, row.port)}</span>
      <span role="cell">{to}</span>
      <span role="cell">{row.direction}</span>
      <span role="cell">
        <Status status={row.status} reason={row.reason} />
      </span>
      <span role="cell">
        <CompletenessBar share={share} />
      </span>
      <span role="cell" class="reason" title={row.reason}>
        {row.reason}
      </span>
    </div>
  );
}
