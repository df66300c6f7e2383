import { useState } from 'preact/hooks';
import { member } from '../api/ask.js';
import type { Kind, Plan } from '../api/shapes.js';
import { DirectionField, Field, TextField } from '../parts/fields.js';
import { Notice } from '../parts/small.js';
import { useAttempt } from '../parts/use-attempt.js';
import { linkTo } from '../route.js';
import { useServices } from '../services.js';
import { nameOr } from '../taps/tap-row.js';
import { EndFields } from '../terms/end-fields.js';
import { lacksReason } from '../terms/lacks-reason.js';
import { ReasonField } from '../terms/reason-field.js';
import { PlanView } from './plan-view.js';
import { PortChoice } from './port-choice.js';
import { type Draft, emptyDraft, wantedTap } from './wanted-tap.js';

/** Makes a tap, once its plan has been seen. */
export function CreatePage() {
  const { asker, taps } = useServices();
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [planned, setPlanned] = useState<{ readonly body: object; readonly plan: Plan } | null>(null);
  const [wantsReason, setWantsReason] = useState(false);
  const { problem, setProblem, busy, attempt } = useAttempt((error) => {
    if (lacksReason(error)) setWantsReason(true);
  });
  // A plan is of what it was asked for: whatever is changed needs another one.
  const change = (some: Partial<Draft>) => {
    setDraft({ ...draft, ...some });
    setPlanned(null);
    setProblem('');
  };
  const plan = () =>
    attempt(async () => {
      const wanted = wantedTap(draft, taps.ports.value, Date.now());
      if ('missing' in wanted) {
        setProblem(wanted.missing);
        return;
      }
      const body = { plan: { create: wanted.body } };
      const answer = member<Plan>(await asker.api('taas/plan', { method: 'POST', body }), 'plan');
      setPlanned({ body: wanted.body, plan: answer });
    });
  const create = (body: object) =>
    attempt(async () => {
      const answer = await asker.api(`taas/${draft.kind}s`, { method: 'POST', body });
      const { id } = member<{ readonly id: string }>(answer, draft.kind);
      await taps.load(false);
      location.hash = linkTo('tap', draft.kind, id);
    });
  return (
    <>
      <h1 tabIndex={-1}>New tap</h1>
      <form
        class="card"
        aria-label="New tap"
        onSubmit={(event) => {
          event.preventDefault();
          void (planned === null ? plan() : create(planned.body));
        }}
      >
        <DraftFields {...{ draft, change, wantsReason }} />
        {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
        {planned === null ? null : (
          <section aria-label="Plan" aria-live="polite">
            <h2>What it would do</h2>
            <PlanView plan={planned.plan} />
          </section>
        )}
        <div class="actions">
          <button type="submit" class={planned === null ? '' : 'primary'} disabled={busy}>
            {planned === null ? 'Show the plan' : 'Create'}
          </button>
        </div>
      </form>
    </>
  );
}

function DraftFields(props: {
  readonly draft: Draft;
  readonly change: (some: Partial<Draft>) => void;
  readonly wantsReason: boolean;
}) {
  const { draft, change, wantsReason } = props;
  const { taps } = useServices();
  const { kind } = draft;
  return (
    <>
      <Field label="Kind">
        <select value={kind} onChange={({ currentTarget }) => change({ kind: currentTarget.value as Kind })}>
          <option value="tap_flow">flow: copies of a port to a tap service</option>
          <option value="tap_service">service: a port that receives copies</option>
          <option value="tap_mirror">mirror: copies of a port to an address outside</option>
        </select>
      </Field>
      <PortChoice
        label={kind === 'tap_service' ? 'Port that receives' : 'Port to copy'}
        text={draft.port}
        choose={(port) => change({ port })}
      />
      {kind === 'tap_flow' ? (
        <Field label="To the tap service">
          <select
            required
            value={draft.service}
            onChange={({ currentTarget }) => change({ service: currentTarget.value })}
          >
            <option value="">choose one</option>
            {[...taps.services.value.values()].map(({ id, name }) => (
              <option key={id} value={id}>
                {nameOr(name, id)}
              </option>
            ))}
          </select>
        </Field>
      ) : null}
      {kind === 'tap_mirror' ? <MirrorFields draft={draft} change={change} /> : null}
      {kind === 'tap_service' ? null : (
        <DirectionField
          hint="IN is towards the VM, OUT is from it."
          value={draft.direction}
          change={(direction) => change({ direction })}
        />
      )}
      <TextField label="Name" value={draft.name} change={(name) => change({ name })} />
      <ReasonField
        {...{ text: draft.reason, wanted: wantsReason, hint: 'Stands with the tap; the port’s owner sees it.' }}
        change={(reason) => change({ reason })}
      />
      <EndFields choice={draft.end} change={(end) => change({ end })} />
    </>
  );
}

function MirrorFields({ draft, change }: { readonly draft: Draft; readonly change: (some: Partial<Draft>) => void }) {
  return (
    <>
      <Field label="How copies travel">
        <select value={draft.mirrorType} onChange={({ currentTarget }) => change({ mirrorType: currentTarget.value })}>
          <option>gre</option>
          <option>erspanv1</option>
        </select>
      </Field>
      <Field label="To the address">
        <input
          required
          value={draft.remoteIp}
          onInput={({ currentTarget }) => change({ remoteIp: currentTarget.value })}
        />
      </Field>
      <Field label="Tunnel id">
        <input
          required
          inputMode="numeric"
          value={draft.tunnelId}
          onInput={({ currentTarget }) => change({ tunnelId: currentTarget.value })}
        />
      </Field>
    </>
  );
}
