import { type Clients, createPassThrough, type PassThrough } from '@taas/gateway';
import type { NeutronClient } from '@taas/neutron';
import type { Clock, Logger, Watched } from '@taas/service';
import { type PortRemovalDeps, removeTapsIfGone } from '../taps/removal/port-removal.js';

/** Neutron behind this server, for all that is not TaaS. */
export interface NeutronBehind {
  /** Its endpoint without `/v2.0`, such as `http://neutron.example:9696`. */
  readonly url: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: Watched<Buffer> | undefined;
  /** How long it may be silent, in ms. */
  readonly silenceMs: number;
  /** Whether a port is gone beyond doubt. @throws UpstreamUnavailableError; the signal's reason */
  readonly portGone: (portId: string, signal: AbortSignal) => Promise<boolean>;
}

export function neutronBehind(
  { url, silence_ms: silenceMs }: { readonly url: string; readonly silence_ms: number },
  client: Pick<NeutronClient, 'confirmGone'>,
  ca: Watched<Buffer> | undefined,
): NeutronBehind {
  const portGone: NeutronBehind['portGone'] = async (port, signal) =>
    (await client.confirmGone([port], [], signal)).gone.includes(port);
  return { url, silenceMs, ca, portGone };
}

export interface PassThroughDeps {
  readonly clients: Clients;
  /** Largest request body without a Content-Length, in bytes. */
  readonly chunkedBodyBytes: number;
  /** How the taps of a port go whose DELETE has passed through here. */
  readonly removal: PortRemovalDeps;
  /** Told of such a port, after its taps are gone. */
  readonly portDeleted: (portId: string) => void;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** Passes on to the Neutron behind, and takes the taps of ports away that are deleted there. */
export function passThroughTo(neutron: NeutronBehind, deps: PassThroughDeps): PassThrough {
  const { clients, chunkedBodyBytes, removal, portDeleted, clock, newId, logger } = deps;
  return createPassThrough({
    neutronUrl: neutron.url,
    ca: neutron.ca,
    logger,
    clock,
    newId,
    clients,
    timeouts: { answerMs: neutron.silenceMs, idleMs: neutron.silenceMs },
    limits: { chunkedBodyBytes },
    hooks: {
      afterPortDeleted: async (port, { requestId, signal }) => {
        const told = { ...removal, logger: logger.child({ request_id: requestId }) };
        if (await removeTapsIfGone(told, port, () => neutron.portGone(port, signal))) portDeleted(port);
      },
    },
  });
}
