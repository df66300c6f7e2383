import { linePoints, niceEnd } from './chart-scale.js';
import { short } from './format.js';

export interface Line {
  readonly name: string;
  /** Of the style sheet. */
  readonly tone: 'one' | 'two' | 'three';
  readonly values: readonly { readonly at: number; readonly value: number }[];
}

const box = { width: 600, height: 140 };
const left = 52;

/** Rates over the time that the page has looked. What it shows is said in words as well. */
export function RateChart({ lines, unit }: { readonly lines: readonly Line[]; readonly unit: string }) {
  const all = lines.flatMap(({ values }) => values);
  if (all.length === 0) return <p class="quiet">Rates are drawn from two looks on: the next one is in 5 s.</p>;
  const [from, to] = [Math.min(...all.map(({ at }) => at)), Math.max(...all.map(({ at }) => at))];
  const most = niceEnd(Math.max(...all.map(({ value }) => value)));
  const words = lines.map(({ name, values }) => `${name} ${short(values.at(-1)?.value ?? 0)} ${unit}`).join(', ');
  const minutes = Math.round((to - from) / 6000) / 10;
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${left + box.width} ${box.height + 24}`} role="img" aria-label={`Now: ${words}`}>
        {[0, 0.5, 1].map((part) => (
          <g key={part} transform={`translate(${left}, ${4 + box.height * (1 - part)})`}>
            <line class="grid" x2={box.width} />
            <text x={-6} y={4} text-anchor="end">
              {short(most * part)}
            </text>
          </g>
        ))}
        <g transform={`translate(${left}, 4)`}>
          {lines.map(({ name, tone, values }) => (
            <polyline key={name} class={`line-${tone}`} points={linePoints(values, box, from, to, most)} />
          ))}
        </g>
        <text x={left} y={box.height + 20}>{`${minutes} min ago`}</text>
        <text x={left + box.width} y={box.height + 20} text-anchor="end">
          now
        </text>
      </svg>
      <figcaption>
        {lines.map(({ name, tone, values }) => (
          <span key={name} class="legend">
            <span class={`mark line-${tone}`} aria-hidden="true" /> {name} {short(values.at(-1)?.value ?? 0)} {unit}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
