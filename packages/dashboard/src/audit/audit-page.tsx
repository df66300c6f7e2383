import { useState } from 'preact/hooks';
import { ApiError, member } from '../api/ask.js';
import type { AuditEntry } from '../api/shapes.js';
import { Columns } from '../parts/columns.js';
import { useEvery } from '../parts/every.js';
import { dateAndTime } from '../parts/format.js';
import { Notice, Wide } from '../parts/small.js';
import { useServices } from '../services.js';

const lookMs = 30_000;
const mostEntries = 1000;
const spans = [
  { label: 'the last hour', ms: 3_600_000 },
  { label: 'the last day', ms: 86_400_000 },
  { label: 'the last week', ms: 7 * 86_400_000 },
] as const;

/** What etcd still has of the trail, the latest first. */
export function AuditPage() {
  const { asker } = useServices();
  const [span, setSpan] = useState<number>(spans[1].ms);
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null);
  const [problem, setProblem] = useState('');
  useEvery(
    lookMs,
    async (signal, first) => {
      const since = Date.now() - span;
      try {
        const answer = await asker.api(`taas/audit?limit=${mostEntries}&since=${since}`, {
          background: !first,
          signal,
        });
        setEntries(member<readonly AuditEntry[]>(answer, 'audit').toReversed());
        setProblem('');
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setProblem(error.message);
      }
    },
    [span],
  );
  return (
    <>
      <h1 tabIndex={-1}>Audit</h1>
      <search class="filters">
        <label>
          <span class="unseen">Since when</span>
          <select value={span} onChange={({ currentTarget }) => setSpan(Number(currentTarget.value))}>
            {spans.map(({ label, ms }) => (
              <option key={ms} value={ms}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {entries === null ? null : <span class="count" role="status">{`${entries.length} entries`}</span>}
      </search>
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
      {entries?.length === mostEntries ? (
        <Notice>There are more: these are the first {mostEntries} of that time.</Notice>
      ) : null}
      {entries === null || entries.length === 0 ? null : <Entries entries={entries} />}
    </>
  );
}

function Entries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <div class="card">
      <Wide label="Entries">
        <table class="plain">
          <Columns names={['When', 'What', 'Tap', 'Port', 'User', 'Project', 'Detail']} />
          <tbody>
            {entries.map(({ id, time, event, tap, user_id: user, project_id: project, detail }) => (
              <tr key={id}>
                <td>{dateAndTime(time)}</td>
                <td>{event}</td>
                <td>{tap === null ? '' : `${tap.kind.replace(/^tap_|s$/g, '')} ${tap.name || tap.id.slice(0, 8)}`}</td>
                <td>{tap?.port_id === undefined ? '' : <code title={tap.port_id}>{tap.port_id.slice(0, 8)}</code>}</td>
                <td>{user === null ? 'nobody' : <code title={user}>{user.slice(0, 8)}</code>}</td>
                <td>{project === null ? '' : <code title={project}>{project.slice(0, 8)}</code>}</td>
                <td>{detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </div>
  );
}
