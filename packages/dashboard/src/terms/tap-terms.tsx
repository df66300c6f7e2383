import { useState } from 'preact/hooks';
import type { AnyTap, Kind } from '../api/shapes.js';
import { dateAndTime } from '../parts/format.js';
import { Notice } from '../parts/small.js';
import { useAttempt } from '../parts/use-attempt.js';
import { useServices } from '../services.js';
import { consentText } from './consent.js';
import { type EndChoice, endOf } from './end-choice.js';
import { EndFields } from './end-fields.js';
import { type EndOfTap, endOfTap } from './end-of-tap.js';
import { timeLeft } from './time-left.js';

interface TermsProps {
  readonly kind: Kind;
  readonly tap: AnyTap;
  readonly changed: () => void;
}

/** Until when a tap is there, and who has agreed to it; renews it. */
export function TapTerms({ kind, tap, changed }: TermsProps) {
  const { session, taps } = useServices();
  const { info } = session;
  return (
    <>
      <End end={endOfTap(tap, taps.services.value)} />
      {kind === 'tap_service' ? null : <p>{consentText(tap, info?.user.id ?? '')}</p>}
      {info?.may[`update_${kind}`] === true && tap.status !== 'PENDING_DELETE' ? (
        <Renew {...{ kind, tap, changed }} />
      ) : null}
    </>
  );
}

function End({ end }: { readonly end: EndOfTap | null }) {
  if (end === null) return <p>It has no end.</p>;
  const { text, soon } = timeLeft(end.at, Date.now());
  const words = `Ends ${end.of === 'tap' ? '' : 'with its tap service '}${dateAndTime(end.at)}: ${text === 'over' ? 'its time is over' : `${text} left`}.`;
  return soon ? <Notice>{words}</Notice> : <p>{words}</p>;
}

function Renew({ kind, tap, changed }: TermsProps) {
  const { asker } = useServices();
  const [choice, setChoice] = useState<EndChoice>({ is: 'day', at: '' });
  const { problem, setProblem, busy, attempt } = useAttempt();
  const renew = async (event: Event): Promise<void> => {
    event.preventDefault();
    const end = endOf(choice, Date.now());
    if ('missing' in end) {
      setProblem(end.missing);
      return;
    }
    await attempt(async () => {
      await asker.api(`taas/${kind}s/${encodeURIComponent(tap.id)}`, { method: 'PUT', body: { [kind]: end } });
      changed();
    });
  };
  return (
    <form class="renew" aria-label="Renew" onSubmit={(event) => void renew(event)}>
      <EndFields renews choice={choice} change={setChoice} />
      <button type="submit" disabled={busy}>
        Renew
      </button>
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
    </form>
  );
}
