import { useEffect } from 'preact/hooks';
import { useEvery } from '../parts/every.js';
import { useServices } from '../services.js';
import { eventPath, readChanged } from './events.js';

/** How often all is listed anew while no events come, and how often ports are, in ms. */
const relistMs = 60_000;
/** After a stream could not be had. */
const retryMs = 5_000;
/** Lists are not asked for more often, whatever is told. */
const shortestRelistMs = 5_000;

/**
 * Keeps the taps of the project as the server has them, for as long as the page stands: by events while it is looked at, since a browser
 * has few connections to a server for all its tabs.
 */
export function useLive(): void {
  const { taps, session } = useServices();
  useEvery(relistMs, (_, first) => taps.loadPorts(!first), []);
  useEffect(() => {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let listedAt = Number.NEGATIVE_INFINITY;
    let last: string | null = null;
    const list = () => {
      const wait = listedAt + shortestRelistMs - performance.now();
      clearTimeout(timer);
      if (wait > 0) {
        timer = setTimeout(list, wait);
        return;
      }
      listedAt = performance.now();
      void taps.load(listedAt > 0 && taps.state.value.is === 'there');
    };
    const follow = () => {
      source?.close();
      source = new EventSource(eventPath(last));
      const told = (work: (data: string) => void) => (event: MessageEvent<string>) => {
        last = event.lastEventId;
        work(event.data);
      };
      source.addEventListener('begin', told(list));
      source.addEventListener('reset', told(list));
      source.addEventListener(
        'changed',
        told((data) => taps.take(readChanged(data))),
      );
      source.addEventListener('error', () => {
        if (source?.readyState !== EventSource.CLOSED) return;
        // Refused: nobody is logged in any more, or the server has no room. Lists say which.
        void session.look();
        clearTimeout(timer);
        timer = setTimeout(() => {
          list();
          follow();
        }, retryMs);
      });
    };
    const seen = () => {
      if (document.hidden) {
        source?.close();
        source = null;
      } else if (source === null) follow();
    };
    document.addEventListener('visibilitychange', seen);
    if (document.hidden) list();
    else follow();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      source?.close();
      clearTimeout(timer);
      taps.forget();
    };
  }, []);
}
