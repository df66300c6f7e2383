import { useRef, useState } from 'preact/hooks';
import { member } from '../api/ask.js';
import type { AnyTap, Kind } from '../api/shapes.js';
import { Notice } from '../parts/small.js';
import { useAttempt } from '../parts/use-attempt.js';
import { useServices } from '../services.js';
import { TapFacts } from '../tap/facts.js';
import { nameOr } from '../taps/tap-row.js';
import { canAgree, consentText } from './consent.js';
import { endOfTap, endText } from './end-of-tap.js';

/** Agrees to a tap that waits: to the very one that is shown while the button is pressed, and to none that it has become since. */
export function ApproveTap(props: { readonly kind: Kind; readonly tap: AnyTap; readonly agreed: () => void }) {
  const { kind, tap, agreed } = props;
  const { asker, session, taps } = useServices();
  const dialog = useRef<HTMLDialogElement>(null);
  const [seen, setSeen] = useState<AnyTap | null>(null);
  const { problem, busy, attempt } = useAttempt();
  const { info } = session;
  const me = info?.user.id ?? '';
  if (kind === 'tap_service' || !canAgree(tap, me, info?.may[`approve_${kind}`] === true)) return null;
  const path = `taas/${kind}s/${encodeURIComponent(tap.id)}`;
  const look = () =>
    attempt(async () => {
      setSeen(null);
      dialog.current?.showModal();
      setSeen(member<AnyTap>(await asker.api(path), kind));
    });
  const agree = (to: AnyTap) =>
    attempt(async () => {
      await asker.api(`${path}/approve`, { method: 'PUT', body: { [kind]: { consent_to: to.consent_to } } });
      dialog.current?.close();
      agreed();
    });
  return (
    <>
      <button type="button" class="primary" onClick={() => void look()}>
        Agree …
      </button>
      <dialog ref={dialog} aria-labelledby="agree-title">
        <h2 id="agree-title">Agree to {nameOr(tap.name, tap.id)}?</h2>
        {seen === null ? null : (
          <>
            <TapFacts kind={kind} tap={seen} />
            <p>{endText(endOfTap(seen, taps.services.value))}</p>
            <p>{consentText(seen, me)}</p>
          </>
        )}
        {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Not now
          </button>
          {problem === '' ? null : (
            <button type="button" onClick={() => void look()}>
              Look again
            </button>
          )}
          <button
            type="button"
            class="primary"
            disabled={seen === null || busy}
            onClick={() => (seen === null ? undefined : void agree(seen))}
          >
            Agree
          </button>
        </div>
      </dialog>
    </>
  );
}
