import { computed, signal } from '@preact/signals';
import { ApiError, type Asker } from '../api/ask.js';
import { listAll } from '../api/list-all.js';
import type { Port, TapFlow, TapMirror, TapService } from '../api/shapes.js';
import type { Session } from '../session/session.js';
import { flowRow, mirrorRow, serviceRow, type TapRow } from './tap-row.js';

/** Far more than come while lists are in progress. */
const mostDuring = 200;

/** Where the lists of taps stand. */
export interface ListState {
  readonly is: 'loading' | 'there' | 'failed';
  readonly why: string;
}

const portFields = ['id', 'name', 'network_id', 'device_owner', 'device_id', 'fixed_ips', 'binding:host_id'];
const portList = `ports?${portFields.map((field) => `fields=${encodeURIComponent(field)}`).join('&')}`;

/** The taps of the project, and its ports, as the server has told them last. */
export class TapStore {
  readonly services = signal<ReadonlyMap<string, TapService>>(new Map());
  readonly flows = signal<ReadonlyMap<string, TapFlow>>(new Map());
  readonly mirrors = signal<ReadonlyMap<string, TapMirror>>(new Map());
  readonly ports = signal<ReadonlyMap<string, Port>>(new Map());
  readonly state = signal<ListState>({ is: 'loading', why: '' });
  readonly rows = computed<readonly TapRow[]>(() => [
    ...[...this.flows.value.values()].map(flowRow),
    ...[...this.mirrors.value.values()].map(mirrorRow),
    ...[...this.services.value.values()].map(serviceRow),
  ]);
  #turn = 0;
  /** What has been told while lists were in progress, which may be older. */
  #during: Changed[] = [];

  constructor(
    private readonly asker: Asker,
    private readonly session: Session,
  ) {}

  /** All of it anew; an answer that a later question has overtaken is not taken. */
  async load(background: boolean): Promise<void> {
    const turn = ++this.#turn;
    const current = () => turn === this.#turn;
    this.#during = [];
    const first = this.state.value.is !== 'there';
    const show = (part: readonly TapFlow[]) => {
      if (current()) this.flows.value = byId(part);
    };
    try {
      const [flows, mirrors, services] = await Promise.all([
        // What is there already would seem to go while it is listed anew.
        listAll<TapFlow>(this.asker, 'taas/tap_flows', 'tap_flows', background, first ? show : undefined),
        listAll<TapMirror>(this.asker, 'taas/tap_mirrors', 'tap_mirrors', background),
        listAll<TapService>(this.asker, 'taas/tap_services', 'tap_services', background),
      ]);
      if (!current()) return;
      [this.flows.value, this.mirrors.value, this.services.value] = [byId(flows), byId(mirrors), byId(services)];
      for (const changed of this.#during.splice(0)) this.#merge(changed);
      this.state.value = { is: 'there', why: '' };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (current() && this.session.info !== null) this.state.value = { is: 'failed', why: error.message };
    }
  }

  /** Ports are names for ids: without them the lists are still true. */
  async loadPorts(background: boolean): Promise<void> {
    const turn = this.#turn;
    try {
      const ports = await listAll<Port>(this.asker, portList, 'ports', background);
      if (turn <= this.#turn) this.ports.value = byId(ports);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Nothing of another project stays. */
  forget(): void {
    this.#turn += 1;
    this.services.value = new Map();
    this.flows.value = new Map();
    this.mirrors.value = new Map();
    this.ports.value = new Map();
    this.state.value = { is: 'loading', why: '' };
  }

  /** Takes in what has changed since. */
  take(changed: Changed): void {
    if (this.#during.length < mostDuring) this.#during.push(changed);
    this.#merge(changed);
  }

  #merge(changed: Changed): void {
    this.services.value = merged(this.services.value, changed.tap_services, changed.gone);
    this.flows.value = merged(this.flows.value, changed.tap_flows, changed.gone);
    this.mirrors.value = merged(this.mirrors.value, changed.tap_mirrors, changed.gone);
  }
}

/** An event of the server's: taps as they are now, and ids of those that are gone. */
export interface Changed {
  readonly tap_services: readonly TapService[];
  readonly tap_flows: readonly TapFlow[];
  readonly tap_mirrors: readonly TapMirror[];
  readonly gone: readonly string[];
}

const byId = <T extends { readonly id: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [item.id, item]));

/** The same map if nothing of it has changed, so that nothing is drawn anew. */
export function merged<T extends { readonly id: string }>(
  known: ReadonlyMap<string, T>,
  changed: readonly T[],
  gone: readonly string[],
): ReadonlyMap<string, T> {
  if (changed.length === 0 && !gone.some((id) => known.has(id))) return known;
  const next = new Map(known);
  for (const id of gone) next.delete(id);
  for (const item of changed) next.set(item.id, item);
  return next;
}
