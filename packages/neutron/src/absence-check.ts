import type { NeutronPort, PortPage } from './port.js';
import { isPortId, type PortQuery } from './port-query.js';

/** What became of ports that Neutron seems not to have any more. */
export interface Absence {
  /** Gone beyond doubt. */
  readonly gone: readonly string[];
  /** There after all. */
  readonly found: ReadonlyMap<string, NeutronPort>;
  /** Why nothing can be said of the rest, for a log; null if there is none. */
  readonly doubt: string | null;
}

export interface AbsenceQuestions {
  /** One request for a list. */
  page(query: PortQuery, signal: AbortSignal): Promise<PortPage>;
  /** One port; null only if Neutron itself says that it does not exist. */
  port(id: string, signal: AbortSignal): Promise<NeutronPort | null>;
  /** Splits ids so that each batch and one more fit into a request. */
  batches(ids: readonly string[]): string[][];
}

/** How many ports are looked at to find a witness. */
const candidates = 20;

/**
 * Tells ports that are gone from ports that are not shown. To a service user that has lost its role, other projects' ports look
 * deleted, in lists and one by one; to whoever asks a proxy or a wrong Neutron, all do. So a port counts as gone only if one
 * answer of Neutron lacks it and at once shows another port, the witness, with its binding, which Neutron shows to administrators
 * and services alone; and if Neutron then answers with its own PortNotFound for the port. No witness, no verdict.
 */
export class AbsenceCheck {
  constructor(private readonly ask: AbsenceQuestions) {}

  /** @throws as the questions do */
  async confirm(portIds: Iterable<string>, witnesses: Iterable<string>, signal: AbortSignal): Promise<Absence> {
    const asked = [...new Set(portIds)].filter(isPortId);
    const gone: string[] = [];
    const found = new Map<string, NeutronPort>();
    if (asked.length === 0) return { gone, found, doubt: null };
    const witness = await this.#witness(new Set(asked), witnesses, signal);
    if (witness === null)
      return { gone, found, doubt: 'Neutron shows our service user no other port with its binding' };
    let doubt: string | null = null;
    for (const batch of this.ask.batches(asked)) {
      const absent = await this.#absent(batch, witness, signal);
      if (absent === null) {
        doubt = 'an answer of Neutron does not show all that our service user has seen before';
        continue;
      }
      for (const id of batch) {
        const port = absent.has(id) ? await this.ask.port(id, signal) : undefined;
        if (port === null) gone.push(id);
        else if (port !== undefined) found.set(id, port);
      }
    }
    return { gone, found, doubt };
  }

  /** The ports that one answer lacks which shows the witness; null if there is no such answer. */
  async #absent(ids: readonly string[], witness: string, signal: AbortSignal): Promise<Set<string> | null> {
    const { ports, more } = await this.ask.page({ ids: [...ids, witness] }, signal);
    if (more && ids.length > 1) {
      // Cut at Neutron's own limit: the rest may be on the next page.
      const half = Math.ceil(ids.length / 2);
      const first = await this.#absent(ids.slice(0, half), witness, signal);
      const second = await this.#absent(ids.slice(half), witness, signal);
      return first && second && new Set([...first, ...second]);
    }
    const shown = new Map(ports.map((port) => [port.id, port]));
    const seen = shown.get(witness);
    if (seen === undefined || seen.binding === null || (more && ports.length < 2)) return null;
    return new Set(ids.filter((id) => !shown.has(id)));
  }

  async #witness(asked: ReadonlySet<string>, given: Iterable<string>, signal: AbortSignal): Promise<string | null> {
    for (const id of given) if (!asked.has(id) && isPortId(id)) return id;
    const { ports } = await this.ask.page({ limit: candidates }, signal);
    return ports.find(({ id, binding }) => !asked.has(id) && isPortId(id) && binding !== null)?.id ?? null;
  }
}
