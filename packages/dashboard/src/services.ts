import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Asker } from './api/ask.js';
import type { Session } from './session/session.js';
import type { TapStore } from './taps/tap-store.js';

/** What the parts of the page share. */
export interface Services {
  readonly asker: Asker;
  readonly session: Session;
  readonly taps: TapStore;
}

export const ServicesContext = createContext<Services | null>(null);

/** @throws Error outside of the page */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error('this part stands outside of the page');
  return services;
}
