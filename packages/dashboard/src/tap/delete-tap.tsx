import { useRef, useState } from 'preact/hooks';
import { member } from '../api/ask.js';
import type { AnyTap, Kind, Plan } from '../api/shapes.js';
import { PlanView } from '../create/plan-view.js';
import { Notice } from '../parts/small.js';
import { useAttempt } from '../parts/use-attempt.js';
import { linkTo } from '../route.js';
import { useServices } from '../services.js';
import { nameOr } from '../taps/tap-row.js';

/** Deletes a tap, once its plan has been seen. */
export function DeleteTap({ kind, tap }: { readonly kind: Kind; readonly tap: AnyTap }) {
  const { asker, session, taps } = useServices();
  const dialog = useRef<HTMLDialogElement>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const { problem, attempt } = useAttempt();
  // Whoever may not make them may not delete them either, by any policy that makes sense; the server says so in any case.
  if (session.info?.may[`create_${kind}`] !== true || tap.status === 'PENDING_DELETE') return null;
  const ask = () =>
    attempt(async () => {
      setPlan(null);
      dialog.current?.showModal();
      const body = { plan: { delete: { [kind]: tap.id } } };
      setPlan(member<Plan>(await asker.api('taas/plan', { method: 'POST', body }), 'plan'));
    });
  const remove = () =>
    attempt(async () => {
      await asker.api(`taas/${kind}s/${tap.id}`, { method: 'DELETE' });
      dialog.current?.close();
      await taps.load(false);
      location.hash = linkTo('taps');
    });
  return (
    <>
      <button type="button" class="danger" onClick={() => void ask()}>
        Delete …
      </button>
      <dialog ref={dialog} aria-labelledby="delete-title">
        <h2 id="delete-title">Delete {nameOr(tap.name, tap.id)}?</h2>
        {plan === null && problem === '' ? <p class="quiet">The plan is being worked out …</p> : null}
        {plan === null ? null : <PlanView plan={plan} />}
        {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="danger" disabled={plan === null} onClick={() => void remove()}>
            Delete
          </button>
        </div>
      </dialog>
    </>
  );
}
