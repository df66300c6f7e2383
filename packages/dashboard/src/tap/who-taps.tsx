import { useState } from 'preact/hooks';
import { ApiError, member } from '../api/ask.js';
import type { TappedPort } from '../api/shapes.js';
import { Columns } from '../parts/columns.js';
import { useEvery } from '../parts/every.js';
import { dateAndTime } from '../parts/format.js';
import { Wide } from '../parts/small.js';
import { useServices } from '../services.js';
import { consentWords } from '../terms/consent.js';

const lookMs = 30_000;

/** Who copies a port: its owner sees all of it, an administrator's taps too. */
export function WhoTaps({ port }: { readonly port: string }) {
  const { asker } = useServices();
  const [tapped, setTapped] = useState<TappedPort | null>(null);
  useEvery(
    lookMs,
    async (signal, first) => {
      try {
        const answer = await asker.api(`taas/tapped_ports/${encodeURIComponent(port)}`, { background: !first, signal });
        setTapped(member<TappedPort>(answer, 'tapped_port'));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        // Not the caller's port, or nobody's: there is nothing to show.
        setTapped(null);
      }
    },
    [port],
  );
  if (tapped === null) return null;
  return (
    <section class="card" aria-label="Who copies this port">
      <h2>Who copies this port</h2>
      <Wide label="Taps of this port">
        <table class="plain">
          <Columns names={['Tap', 'Project', 'Direction', 'Since', 'Until', 'Why', 'Consent']} />
          <tbody>
            {tapped.tapped_by.map((by) => (
              <tr key={by.id}>
                <td>
                  {by.capture_id === undefined ? by.kind.replace('tap_', '') : 'capture'}{' '}
                  <code>{by.id.slice(0, 8)}</code>
                </td>
                <td>
                  <code>{by.project_id}</code>
                </td>
                <td>{by.direction}</td>
                <td>{dateAndTime(by.since)}</td>
                <td>{by.expires_at === null ? '–' : dateAndTime(by.expires_at)}</td>
                <td>{by.reason}</td>
                <td>{consentWords[by.consent] ?? by.consent}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}
