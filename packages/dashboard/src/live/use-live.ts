import { useEffect } from 'preact/hooks';
import { useEvery } from '../parts/every.js';
import { useServices } from '../services.js';

/** How often all is listed anew, whatever has been told meanwhile, in ms. */
const relistMs = 60_000;

/** Keeps the taps of the project as the server has them, for as long as the page stands. */
export function useLive(): void {
  const { taps } = useServices();
  useEffect(() => () => taps.forget(), []);
  useEvery(relistMs, (_, first) => taps.load(!first), []);
  useEvery(relistMs, (_, first) => taps.loadPorts(!first), []);
}
