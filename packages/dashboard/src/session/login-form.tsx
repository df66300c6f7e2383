import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/ask.js';
import { Field } from '../parts/fields.js';
import { Notice } from '../parts/small.js';
import { useServices } from '../services.js';
import type { LoginFields } from './session.js';
import { SsoChoices } from './sso-choices.js';

type LoginMethod = 'password' | 'credential';

const cookieHint =
  'The browser has not kept the session’s cookie: it does so by https only, or from the server’s own machine.';

/** @param ended somebody was logged in a moment ago */
export function LoginForm({ ended }: { readonly ended: boolean }) {
  const { session } = useServices();
  const [method, setMethod] = useState<LoginMethod>('password');
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
      await session.logIn(fieldsOf(new FormData(form.current), method));
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
        <fieldset class="methods">
          <legend>Log in with</legend>
          <MethodChoice method="password" label="user and password" chosen={method} choose={setMethod} />
          <MethodChoice method="credential" label="application credential" chosen={method} choose={setMethod} />
        </fieldset>
        {method === 'password' ? <PasswordFields wantsPasscode={wantsPasscode} /> : <CredentialFields />}
        {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Logging in …' : 'Log in'}
        </button>
      </form>
      <SsoChoices />
    </main>
  );
}

function MethodChoice(props: {
  readonly method: LoginMethod;
  readonly label: string;
  readonly chosen: LoginMethod;
  readonly choose: (method: LoginMethod) => void;
}) {
  const { method, label, chosen, choose } = props;
  return (
    <label>
      <input type="radio" name="method" value={method} checked={chosen === method} onChange={() => choose(method)} />{' '}
      {label}
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

function fieldsOf(data: FormData, method: LoginMethod): LoginFields {
  const text = (name: string): string => String(data.get(name) ?? '');
  if (method === 'credential')
    return { application_credential_id: text('application_credential_id').trim(), secret: text('secret') };
  const more = Object.fromEntries(
    ['domain', 'project', 'passcode'].flatMap((name) => (text(name).trim() === '' ? [] : [[name, text(name).trim()]])),
  );
  return { user: text('user').trim(), password: text('password'), ...more };
}
