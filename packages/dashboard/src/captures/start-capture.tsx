import { useState } from 'preact/hooks';
import { member } from '../api/ask.js';
import type { Capture, Direction } from '../api/shapes.js';
import { PortChoice } from '../create/port-choice.js';
import { chosenPort } from '../create/port-choice-text.js';
import { DirectionField, Field } from '../parts/fields.js';
import { Notice } from '../parts/small.js';
import { useAttempt } from '../parts/use-attempt.js';
import { useServices } from '../services.js';
import { lacksReason } from '../terms/lacks-reason.js';
import { ReasonField } from '../terms/reason-field.js';
import { download } from './download.js';
import { commandOf, fileName, streamPath } from './rate-of.js';

const empty = { port: '', direction: 'BOTH', bpf: '', seconds: '60', packets: '', name: '', reason: '' };

/** Begins a capture, and has the browser save it. */
export function StartCapture({ begun }: { readonly begun: (id: string) => void }) {
  const { asker, taps } = useServices();
  const [draft, setDraft] = useState(empty);
  const [wantsReason, setWantsReason] = useState(false);
  const { problem, setProblem, busy, attempt } = useAttempt((error) => {
    if (lacksReason(error)) setWantsReason(true);
  });
  const change = (some: Partial<typeof empty>) => setDraft({ ...draft, ...some });
  const port = chosenPort(draft.port, taps.ports.value);
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (port === null) {
      setProblem('Choose a port: by its name if no other has it, or from the list.');
      return;
    }
    await attempt(async () => {
      const capture = {
        ...{ source_ports: [port], direction: draft.direction, name: draft.name, reason: draft.reason },
        ...(draft.bpf.trim() === '' ? {} : { bpf: draft.bpf.trim() }),
        ...(draft.seconds === '' ? {} : { seconds: Number(draft.seconds) }),
        ...(draft.packets === '' ? {} : { packets: Number(draft.packets) }),
      };
      const answer = await asker.api('taas/captures', { method: 'POST', body: { capture } });
      const made = member<Capture>(answer, 'capture');
      // It ends unless somebody reads it soon.
      download(streamPath(made.id), fileName(made));
      begun(made.id);
    });
  };
  const wish = { source_ports: [port ?? 'PORT'], direction: draft.direction as Direction };
  const command = commandOf({ ...wish, bpf: draft.bpf.trim(), seconds: Number(draft.seconds) || 60 });
  return (
    <form class="card" aria-label="New capture" onSubmit={(event) => void start(event)}>
      <div class="columns">
        <PortChoice label="Port" text={draft.port} choose={(text) => change({ port: text })} />
        <DirectionField value={draft.direction} change={(direction) => change({ direction })} />
        <Field label="Filter expression" hint="As tcpdump has it, with addresses and numbers.">
          <input
            value={draft.bpf}
            placeholder="tcp port 443"
            spellcheck={false}
            autocapitalize="off"
            onInput={({ currentTarget }) => change({ bpf: currentTarget.value })}
          />
        </Field>
        <Field label="Seconds">
          <input
            type="number"
            {...{ min: 1, max: 3600, required: true, value: draft.seconds }}
            onInput={({ currentTarget }) => change({ seconds: currentTarget.value })}
          />
        </Field>
        <Field label="Packets" hint="Empty: a million.">
          <input
            type="number"
            {...{ min: 1, value: draft.packets }}
            onInput={({ currentTarget }) => change({ packets: currentTarget.value })}
          />
        </Field>
        <ReasonField
          {...{ text: draft.reason, wanted: wantsReason, hint: 'Stands in the file; the port’s owner sees it.' }}
          change={(reason) => change({ reason })}
        />
      </div>
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
      <div class="actions">
        <button type="submit" class="primary" disabled={busy}>
          Capture to a file
        </button>
      </div>
      <p>
        The same at a terminal, into Wireshark: <code class="command">{command}</code>
      </p>
    </form>
  );
}
