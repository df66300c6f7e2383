import { useEffect, useState } from 'preact/hooks';
import { ApiError, member } from '../api/ask.js';
import { Notice } from '../parts/small.js';
import { useServices } from '../services.js';
import { ssoWords } from './sso-words.js';

/** The ways to log in by single sign-on, where there are any. */
export function SsoChoices() {
  const { asker } = useServices();
  const [labels, setLabels] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState(() => ssoWords(location.search));
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  useEffect(() => {
    // Told once: the address is for whoever comes back to it.
    if (location.search !== '') history.replaceState(null, '', `${location.pathname}${location.hash}`);
    void attempt(async () => setLabels(member<readonly string[]>(await asker.ask('websso'), 'choices')));
  }, []);
  const go = (choice: number) =>
    attempt(async () => {
      setProblem('');
      location.assign(member<string>(await asker.ask('websso', { method: 'PUT', body: { choice } }), 'location'));
    });
  if (labels.length === 0 && problem === '') return null;
  return (
    <section class="card" aria-label="Single sign-on">
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
      {labels.map((label, choice) => (
        <button key={label} type="button" onClick={() => void go(choice)}>
          {label}
        </button>
      ))}
    </section>
  );
}
