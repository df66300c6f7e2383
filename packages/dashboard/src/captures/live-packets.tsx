import { useEffect, useState } from 'preact/hooks';
import { isFields } from '../api/ask.js';
import { Columns } from '../parts/columns.js';
import { timeWithMs } from '../parts/format.js';
import { Notice, Wide } from '../parts/small.js';
import { PortName } from '../tap/facts.js';
import { noPackets, type PacketLine, type PacketList, withPackets } from './packet-list.js';

const columns = ['No.', 'Time', 'Port', 'From', 'To', 'Protocol', 'Bytes', 'What'] as const;

/** The latest packets of a capture, as they come; the file is saved beside it, whole. */
export function LivePackets({ id, close }: { readonly id: string; readonly close: () => void }) {
  const [list, setList] = useState<PacketList>(noPackets);
  const [over, setOver] = useState('');
  const [paused, setPaused] = useState(false);
  useEffect(() => {
    if (paused) return undefined;
    // The browser begins it anew by itself when its minute is over.
    const source = new EventSource(`api/v2.0/taas/captures/${encodeURIComponent(id)}/packets`);
    source.addEventListener('packets', ({ data }: MessageEvent<string>) =>
      setList((before) => withPackets(before, data)),
    );
    source.addEventListener('end', ({ data }: MessageEvent<string>) => {
      const read: unknown = JSON.parse(data);
      setOver(isFields(read) ? String(read['because']) : '');
      source.close();
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) setOver('the server does not show it (any more)');
    });
    return () => source.close();
  }, [id, paused]);
  const { packets, unshown } = list;
  return (
    <section class="card" aria-label="Packets">
      <div class="title">
        <h2>Packets as they come</h2>
        <div class="actions">
          {over === '' ? (
            <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
              {paused ? 'Go on' : 'Hold'}
            </button>
          ) : null}
          <button type="button" onClick={close}>
            Close
          </button>
        </div>
      </div>
      {over === '' ? null : <Notice tone="quiet">It has ended: {over}.</Notice>}
      {packets.length === 0 ? (
        <p class="quiet">Nothing has come yet.</p>
      ) : (
        <Wide label="The latest packets">
          <table class="plain packets">
            <Columns names={columns} />
            <tbody>
              {packets.toReversed().map((packet) => (
                <Line key={packet.n} packet={packet} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      <p class="quiet">
        The latest {packets.length}, at most 50 of each second; {unshown} are in the file alone.
      </p>
    </section>
  );
}

function Line({ packet }: { readonly packet: PacketLine }) {
  const { n, at, interface: port, source, destination, protocol, length, info } = packet;
  const [id = '', direction = ''] = port.split(' ');
  return (
    <tr>
      <td>{n}</td>
      <td>{timeWithMs(at)}</td>
      <td>
        <PortName id={id} /> {direction}
      </td>
      <td>{source}</td>
      <td>{destination}</td>
      <td>{protocol}</td>
      <td>{length}</td>
      <td>{info}</td>
    </tr>
  );
}
