import { useRef, useState } from 'preact/hooks';
import { ApiError, member } from '../api/ask.js';
import type { Capture } from '../api/shapes.js';
import { Columns } from '../parts/columns.js';
import { useEvery } from '../parts/every.js';
import { bytes, short, timeOfDay } from '../parts/format.js';
import { Notice, Status, Wide } from '../parts/small.js';
import { useServices } from '../services.js';
import { PortName, ruleText } from '../tap/facts.js';
import { canAgree, consentText } from '../terms/consent.js';
import { LivePackets } from './live-packets.js';
import { type Look, ratesOf } from './rate-of.js';
import { StartCapture } from './start-capture.js';

const lookMs = 5_000;

/** Captures of this server: begun, looked at, ended. */
export function CapturesPage() {
  const { asker, session } = useServices();
  const [captures, setCaptures] = useState<readonly Capture[] | null>(null);
  const [rates, setRates] = useState<ReadonlyMap<string, number | null>>(new Map());
  const [problem, setProblem] = useState('');
  const [turn, setTurn] = useState(0);
  const [watched, setWatched] = useState<string | null>(null);
  const looks = useRef<ReadonlyMap<string, Look>>(new Map());
  useEvery(
    lookMs,
    async (signal, first) => {
      try {
        const answer = await asker.api('taas/captures', { background: !first, signal });
        const listed = member<readonly Capture[]>(answer, 'captures');
        const next = ratesOf(listed, looks.current, performance.now());
        looks.current = next.looks;
        setRates(next.rates);
        setCaptures(listed);
        setProblem('');
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setProblem(error.message);
      }
    },
    [turn],
  );
  const again = () => setTurn((before) => before + 1);
  const end = async (id: string): Promise<void> => {
    try {
      await asker.api(`taas/captures/${id}`, { method: 'DELETE' });
      again();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  const agree = async (id: string): Promise<void> => {
    try {
      await asker.api(`taas/captures/${id}/approve`, { method: 'PUT' });
      again();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <>
      <h1 tabIndex={-1}>Captures</h1>
      {session.info?.may['create_taas_capture'] === true ? (
        <StartCapture
          begun={(id) => {
            setWatched(id);
            again();
          }}
        />
      ) : null}
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
      {captures?.length === 0 ? <Notice tone="quiet">No capture runs on this server.</Notice> : null}
      {captures === null || captures.length === 0 ? null : (
        <div class="card">
          <Wide label="Running captures">
            <table class="plain">
              <Columns names={['Ports', 'Status', 'Packets/s', 'In the file', 'Dropped', 'Ends', '']} />
              <tbody>
                {captures.map((capture) => (
                  <CaptureLine
                    key={capture.id}
                    {...{ capture, end, agree }}
                    watch={setWatched}
                    rate={rates.get(capture.id) ?? null}
                  />
                ))}
              </tbody>
            </table>
          </Wide>
        </div>
      )}
      {watched === null ? null : <LivePackets key={watched} id={watched} close={() => setWatched(null)} />}
    </>
  );
}

interface LineProps {
  readonly capture: Capture;
  readonly rate: number | null;
  readonly end: (id: string) => Promise<void>;
  /** A capture does not change: what its line shows is what is agreed to. */
  readonly agree: (id: string) => Promise<void>;
  readonly watch: (id: string) => void;
}

function CaptureLine({ capture, rate, end, agree, watch }: LineProps) {
  const { info } = useServices().session;
  const me = info?.user.id ?? '';
  const { counted, status, status_reason: reason } = capture;
  return (
    <tr>
      <td>
        {capture.source_ports.map((id) => (
          <div key={id}>
            <PortName id={id} /> {capture.direction}
          </div>
        ))}
        {capture.filter_rules.map((rule, at) => (
          <div key={at}>
            <code>{ruleText(rule)}</code>
          </div>
        ))}
        {capture.bpf === null ? null : <code>{capture.bpf}</code>}
        {capture.reason === '' ? null : <div class="quiet">{capture.reason}</div>}
      </td>
      <td>
        <Status status={status} reason={reason} />
        {reason === '' ? null : <div class="quiet">{reason}</div>}
        {capture.consent === 'not_needed' ? null : <div class="quiet">{consentText(capture, me)}</div>}
      </td>
      <td>{status === 'ENDED' || rate === null ? '–' : short(rate)}</td>
      <td title={`${counted.delivered} packets, ${counted.bytes} bytes`}>
        {short(counted.delivered)} packets, {bytes(counted.bytes)}
      </td>
      <td>{short(counted.dropped)}</td>
      <td>{timeOfDay(capture.ends_at)}</td>
      <td>
        {status !== 'ENDED' && canAgree(capture, me, info?.may['approve_taas_capture'] === true) ? (
          <button type="button" class="primary" onClick={() => void agree(capture.id)}>
            Agree
          </button>
        ) : null}
        {status === 'ENDED' ? null : (
          <button type="button" onClick={() => watch(capture.id)}>
            Packets
          </button>
        )}
        {status === 'ENDED' ? null : (
          <button type="button" onClick={() => void end(capture.id)}>
            End
          </button>
        )}
      </td>
    </tr>
  );
}
