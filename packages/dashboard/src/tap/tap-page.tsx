import { useState } from 'preact/hooks';
import { ApiError, member } from '../api/ask.js';
import type { AnyTap, Kind, Statistics } from '../api/shapes.js';
import { useEvery } from '../parts/every.js';
import { timeOfDay } from '../parts/format.js';
import { RateChart } from '../parts/rate-chart.js';
import { CompletenessBar, Notice, Status } from '../parts/small.js';
import { useServices } from '../services.js';
import { nameOr } from '../taps/tap-row.js';
import { ApproveTap } from '../terms/approve-tap.js';
import { TapTerms } from '../terms/tap-terms.js';
import { DeleteTap } from './delete-tap.js';
import { TapFacts } from './facts.js';
import { deliveredBy, ratesOf, type Sample, sampleOf, withSample } from './history.js';
import { Losses, PathOf } from './path.js';
import { WhoTaps } from './who-taps.js';

const lookMs = 5_000;
const kinds: readonly string[] = ['tap_service', 'tap_flow', 'tap_mirror'];

/** One tap: what it is, what it delivers, what it loses, and who looks. */
export function TapPage({ kind: asked, id }: { readonly kind: string; readonly id: string }) {
  const kind = kinds.includes(asked) ? (asked as Kind) : 'tap_flow';
  const { tap, statistics, samples, problem, again } = useTap(kind, id);
  if (tap === null) return problem === '' ? <Notice tone="quiet">…</Notice> : <Notice tone="bad">{problem}</Notice>;
  const rates = ratesOf(samples);
  const out = statistics && deliveredBy(statistics);
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>{nameOr(tap.name, tap.id)}</h1>
        <Status status={tap.status} reason={tap.status_reason} />
        <div class="actions">
          <ApproveTap {...{ kind, tap }} agreed={again} />
          <DeleteTap kind={kind} tap={tap} />
        </div>
      </div>
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
      {tap.status_reason === '' ? null : (
        <Notice>
          {tap.status_reason} <code>{tap.status_code}</code>
        </Notice>
      )}
      <div class="columns">
        <section class="card" aria-label="What it is">
          <h2>What it is</h2>
          <TapFacts kind={kind} tap={tap} />
        </section>
        <section class="card" aria-label="Time and consent">
          <h2>Time and consent</h2>
          <TapTerms {...{ kind, tap }} changed={again} />
        </section>
        <section class="card" aria-label="Delivered">
          <h2>Delivered</h2>
          {statistics === null ? <p class="quiet">…</p> : <Figures statistics={statistics} />}
        </section>
      </div>
      {statistics === null ? null : (
        <>
          <section class="card" aria-label="The path of a copy">
            <h2>The path of a copy</h2>
            <PathOf statistics={statistics} label="Stations and what was counted there" />
            {statistics.service ? (
              <details open>
                <summary>What is counted of all flows of the tap service together</summary>
                <PathOf statistics={statistics.service} label="Stations of the tap service" />
              </details>
            ) : null}
          </section>
          <section class="card" aria-label="Since this page is open">
            <h2>Since this page is open</h2>
            <RateChart
              unit="packets/s"
              lines={[
                { name: 'seen', tone: 'one', values: rates.map(({ at, seen }) => ({ at, value: seen })) },
                ...(out === null
                  ? []
                  : [
                      {
                        name: out.whose === 'tap' ? 'delivered' : 'delivered by the tap service',
                        tone: 'two' as const,
                        values: rates.map(({ at, delivered }) => ({ at, value: delivered })),
                      },
                    ]),
                { name: 'lost', tone: 'three', values: rates.map(({ at, lost }) => ({ at, value: lost })) },
              ]}
            />
          </section>
        </>
      )}
      {kind === 'tap_service' ? null : <WhoTaps port={kind === 'tap_flow' ? tap.source_port : tap.port_id} />}
    </>
  );
}

function Figures({ statistics }: { readonly statistics: Statistics }) {
  return (
    <>
      <p class="big">
        <CompletenessBar share={statistics.completeness} />
      </p>
      <Losses lost={statistics.lost} />
      {statistics.unanswered.map(({ node, reason }) => (
        <Notice key={node}>
          {node}: {reason}
        </Notice>
      ))}
      {statistics.as_of === null ? null : <p class="quiet">as of {timeOfDay(statistics.as_of)}</p>}
    </>
  );
}

/** A tap and what is counted of it, looked at every five seconds. */
function useTap(kind: Kind, id: string) {
  const { asker } = useServices();
  const [tap, setTap] = useState<AnyTap | null>(null);
  const [statistics, setStatistics] = useState<Statistics | null>(null);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [problem, setProblem] = useState('');
  const [turn, setTurn] = useState(0);
  useEvery(
    lookMs,
    async (signal, first) => {
      const path = `taas/${kind}s/${encodeURIComponent(id)}`;
      const asked = { background: !first, signal };
      try {
        setTap(member<AnyTap>(await asker.api(path, asked), kind));
        const counted = member<Statistics>(await asker.api(`${path}/statistics`, asked), 'statistics');
        setStatistics(counted);
        setSamples((before) => withSample(before, sampleOf(counted, performance.now())));
        setProblem('');
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setProblem(error.status === 404 ? 'This tap is not there any more.' : error.message);
        if (error.status === 404) setTap(null);
      }
    },
    [kind, id, turn],
  );
  return { tap, statistics, samples, problem, again: () => setTurn((before) => before + 1) };
}
