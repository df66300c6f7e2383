import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/ask.js';
import { Field, Notice } from '../parts/small.js';
import { useServices } from '../services.js';
import type { LoginFields } from './session.js';

type Way = 'password' | 'credential';

const cookieHint =
  'The browser has not kept the session’s cookie: it does so by https only, or from the server’s own machine.';

/** @param ended somebody was logged in a moment ago */
export function LoginForm({ ended }: { readonly ended: boolean }) {
  const { session } = useServices();
  const [way, setWay] = useState<Way>('password');
  const [wantsPasscode, setWantsPasscode] = useState(false);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (form.current === null) return;
    setBusy(true);
    setProblem('');
    try {
      await session.logIn(fieldsOf(new FormData(form.current), way));
      await session.look();
      if (session.state.value.is === 'nobody') setProblem(cookieHint);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'passcode_needed') setWantsPasscode(true);
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main class="narrow">
      <h1>Tap as a Service</h1>
      {ended ? <Notice>The session has ended. Log in again to go on where you were.</Notice> : null}
      <form ref={form} class="card" onSubmit={(event) => void submit(event)} aria-label="Log in">
        <fieldset class="ways">
          <legend>Log in with</legend>
          <WayChoice way="password" label="user and password" chosen={way} choose={setWay} />
          <WayChoice way="credential" label="application credential" chosen={way} choose={setWay} />
        </fieldset>
        {way === 'password' ? <PasswordFields wantsPasscode={wantsPasscode} /> : <CredentialFields />}
        {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Logging in …' : 'Log in'}
        </button>
      </form>
    </main>
  );
}

function WayChoice(props: {
  readonly way: Way;
  readonly label: string;
  readonly chosen: Way;
  readonly choose: (way: Way) => void;
}) {
  const { way, label, chosen, choose } = props;
  return (
    <label>
      <input type="radio" name="way" value={way} checked={chosen === way} onChange={() => choose(way)} /> {label}
    </label>
  );
}

function PasswordFields({ wantsPasscode }: { readonly wantsPasscode: boolean }) {
  return (
    <>
      <Field label="User">
        <input name="user" required autocomplete="username" autocapitalize="off" spellcheck={false} />
      </Field>
      <Field label="Password">
        <input name="password" type="password" required autocomplete="current-password" />
      </Field>
      <Field label="Domain">
        <input name="domain" placeholder="Default" autocapitalize="off" spellcheck={false} />
      </Field>
      <Field label="Project" hint="Empty: the first of yours.">
        <input name="project" autocapitalize="off" spellcheck={false} />
      </Field>
      <Field label="Passcode" hint="Where your cloud asks for a second factor.">
        <input name="passcode" inputMode="numeric" autocomplete="one-time-code" required={wantsPasscode} />
      </Field>
    </>
  );
}

function CredentialFields() {
  return (
    <>
      <Field label="Id of the application credential">
        <input name="application_credential_id" required autocapitalize="off" spellcheck={false} />
      </Field>
      <Field label="Secret">
        <input name="secret" type="password" required autocomplete="off" />
      </Field>
    </>
  );
}

function fieldsOf(data: FormData, way: Way): LoginFields {
  const text = (name: string): string => String(data.get(name) ?? '');
  if (way === 'credential')
    return { application_credential_id: text('application_credential_id').trim(), secret: text('secret') };
  const more = Object.fromEntries(
    ['domain', 'project', 'passcode'].flatMap((name) => (text(name).trim() === '' ? [] : [[name, text(name).trim()]])),
  );
  return { user: text('user').trim(), password: text('password'), ...more };
}
