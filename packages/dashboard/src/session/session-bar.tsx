import { dateAndTime } from '../parts/format.js';
import { useAttempt } from '../parts/use-attempt.js';
import { linkTo } from '../route.js';
import { useServices } from '../services.js';

const pages = [
  { page: 'taps', label: 'Taps', needs: null },
  { page: 'topology', label: 'Topology', needs: null },
  { page: 'captures', label: 'Captures', needs: null },
  { page: 'nodes', label: 'Nodes', needs: 'get_taas_nodes' },
  { page: 'audit', label: 'Audit', needs: 'get_taas_audit' },
] as const;

/** Where one is, who one is, and where else one can go. */
export function SessionBar({ page }: { readonly page: string }) {
  const { session } = useServices();
  const { problem, attempt } = useAttempt();
  const { info } = session;
  if (info === null) return null;
  const current = page === 'tap' || page === 'new' ? 'taps' : page;
  return (
    <header>
      <button type="button" class="skip" onClick={() => document.querySelector('h1')?.focus()}>
        To the content
      </button>
      <nav aria-label="Pages">
        {pages
          .filter(({ needs }) => needs === null || info.may[needs] === true)
          .map((each) => (
            <a key={each.page} href={linkTo(each.page)} {...(each.page === current ? { 'aria-current': 'page' } : {})}>
              {each.label}
            </a>
          ))}
      </nav>
      <div class="who">
        <label>
          <span class="unseen">Project</span>
          <select
            value={info.project.id}
            onChange={({ currentTarget }) => void attempt(() => session.switchTo(currentTarget.value))}
          >
            {info.projects.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <span title={`The session ends at the latest at ${dateAndTime(info.expires_at)}`}>{info.user.name}</span>
        <button type="button" onClick={() => void attempt(() => session.logOut())}>
          Log out
        </button>
      </div>
      {problem === '' ? null : (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
    </header>
  );
}
