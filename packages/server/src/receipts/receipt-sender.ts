import { keys, receiptSenderCodec, type StatisticsRecord, type VxlanLink } from '@taas/model';
import { type Receipt, type ReceiptFigures, receiptFrame, vxlanDatagram } from '@taas/packets';
import { type Clock, type Logger, News } from '@taas/service';
import type { Leadership, Store } from '@taas/store';
import { atOnce, type Sliced, type Slices } from '../slices/slices.js';
import { StatisticsDesk } from '../statistics/statistics-desk.js';
import { keyOf, type TapPart, tapParts } from '../statistics/tap-parts.js';
import type { ReceiptPlaces } from '../taps/tap-service/receipts-offer.js';
import type { LiveView } from '../view/live-view.js';
import { EarlierSums } from './earlier-sums.js';
import { receiptFigures } from './receipt-figures.js';
import { ReceiptStream } from './receipt-stream.js';
import type { OpenSender, SenderSocket } from './sender-socket.js';

export interface ReceiptSenderDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly slices: Slices;
  /** Where nodes hear this server from; empty: it sends none. */
  readonly address: string;
  /** From which it sends. */
  readonly listenAddress: string;
  readonly openSender: OpenSender;
  /** Tap services at most, in all and of one project. */
  readonly places: ReceiptPlaces;
  /** A new UUID at each call. */
  readonly newId: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** From one receipt to the next, in ms. */
const everyMs = 1_000;
/** Parts of tap services on nodes whose figures are asked for: each is written to etcd every 5 s at most. */
const mostParts = 2_048;
/** Of them those of one project. */
const mostPartsOfProject = mostParts / 4;
/** Datagrams that the kernel may not have taken yet. */
const atATime = 64;

/** On the health page. */
const mostShown = 20;

/** What a leading server sends. */
export interface ReceiptState {
  /** Tap services that have receipts. */
  readonly services: number;
  /** Those whose last receipt had no figures, because they are not known. */
  readonly withoutFigures: number;
  /** What does not work, by the work; all is well if there is none. */
  readonly problems: ReadonlyMap<string, string>;
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: string;
}

/**
 * Tells the collectors of tap services once a second how much they should have been given. Done by the leading server, during one
 * leadership. Whatever goes wrong is said once, and tried again: nothing else that the leader does depends on it.
 */
export class ReceiptSender {
  readonly #news = new News();
  readonly #streams = new Map<string, ReceiptStream>();
  readonly #earlier: EarlierSums;
  #socket: SenderSocket | null = null;
  #state: Omit<ReceiptState, 'problems'> | null = null;

  constructor(private readonly deps: ReceiptSenderDeps) {
    this.#earlier = new EarlierSums(deps.store, deps.live);
  }

  /** What is sent while this server leads; null where it sends none. */
  get state(): ReceiptState | null {
    return this.#state && { ...this.#state, problems: this.#news.troubles };
  }

  /** For the health page: of the server that leads alone. */
  facts(): Readonly<Record<string, unknown>> {
    const { state } = this;
    if (state === null) return {};
    const problems = [...state.problems].slice(0, mostShown).map(([about, problem]) => ({ about, problem }));
    return { receipts: { tap_services: state.services, without_figures: state.withoutFigures, problems } };
  }

  /** Ends with the leadership; never throws. */
  async lead({ fence, signal }: Leadership): Promise<void> {
    const { store, live, clock } = this.deps;
    // What others have sent meanwhile is not known here.
    this.#streams.clear();
    // The desk counts those that were asked for lately, too, which others have taken the place of.
    const limits = { waitMs: 0, parts: 2 * mostParts, partsOfProject: 2 * mostParts };
    const desk = new StatisticsDesk({ store, live, clock, limits });
    try {
      while (!signal.aborted) {
        await this.#attempt('receipts', signal, () => this.#round(desk, fence, signal));
        await clock.sleep(everyMs, signal).catch(() => undefined);
      }
    } finally {
      this.#state = null;
      for (const what of [...this.#news.troubles.keys()]) this.#news.forget(what);
      await desk.stop();
      await this.#socket?.close();
      this.#socket = null;
    }
  }

  async #round(desk: StatisticsDesk, fence: Leadership['fence'], signal: AbortSignal): Promise<void> {
    const { live, slices, address } = this.deps;
    // Also where somebody has changed it meanwhile, to what cannot be read, too.
    const told = live.view.receiptSender;
    if (told ? told.record?.address !== address : address !== '') await this.#announce(fence, signal);
    if (address === '') return;
    const services = this.#served();
    for (const id of this.#streams.keys())
      if (!services.has(id)) {
        this.#streams.delete(id);
        this.#news.forget(receiptOf(id));
      }
    const parts = await slices.run('', this.#parts(services), signal);
    const hear = await this.#attempt('figures for receipts', signal, async () => {
      await this.#earlier.refresh(services, signal);
      return desk.ask(parts, '', signal);
    });
    const heard = new Map<string, StatisticsRecord>();
    for (const { part, record, current } of hear?.() ?? []) if (current && record) heard.set(keyOf(part), record);
    const datagrams = await slices.run('', this.#write(services, heard), signal);
    await this.#attempt('sending receipts', signal, () => this.#send(datagrams, signal));
  }

  /** As many as there are places for: requests at the same moment can let in more of a project. */
  #served(): ReadonlySet<string> {
    const { live, places } = this.deps;
    const services = new Set<string>();
    const ofProject = new Map<string, number>();
    for (const id of live.view.withReceipts) {
      const project = live.view.services.get(id)?.record?.project_id;
      const own = project === undefined ? places.ofProject : (ofProject.get(project) ?? 0);
      if (services.size >= places.most || own >= places.ofProject || this.#tunnels(id).length === 0) continue;
      services.add(id);
      if (project !== undefined) ofProject.set(project, own + 1);
    }
    return services;
  }

  /** Says from where receipts come, so that nodes let them in; or that there are none. */
  async #announce(fence: Leadership['fence'], signal: AbortSignal): Promise<void> {
    const { store, address } = this.deps;
    const key = keys.receiptSender;
    const operation =
      address === ''
        ? ({ kind: 'delete', key } as const)
        : ({ kind: 'put', key, value: receiptSenderCodec.format({ v: 1, address }) } as const);
    const stands = await store.get(key, { signal });
    if (stands?.value !== ('value' in operation ? operation.value : undefined))
      await store.transact({ compare: [fence], operations: [operation] }, { signal });
  }

  /** The tunnels to a service's collector that nodes were told to let this server's receipts in by. */
  #tunnels(service: string): readonly VxlanLink[] {
    return this.deps.live.view.nodeRecords.ofTap('tap_services', service).flatMap(({ record }) => {
      if (!record || !('inputs' in record) || record.removed || !record.receipts) return [];
      return record.receipts.remote === this.deps.address ? [record.receipts] : [];
    });
  }

  /** Of as many services as there is room for; the others' receipts have no figures. */
  *#parts(services: Iterable<string>): Sliced<readonly TapPart[]> {
    const all: TapPart[] = [];
    const ofProject = new Map<string, number>();
    for (const id of services) {
      const record = this.deps.live.view.services.get(id)?.record;
      if (!record) continue;
      const { own } = yield* tapParts(this.deps.live.view, 'tap_services', record);
      const parts = (ofProject.get(record.project_id) ?? 0) + own.length;
      if (all.length + own.length <= mostParts && parts <= mostPartsOfProject) {
        all.push(...own);
        ofProject.set(record.project_id, parts);
      }
      yield;
    }
    return all;
  }

  *#write(services: ReadonlySet<string>, heard: ReadonlyMap<string, StatisticsRecord>): Sliced<readonly Datagram[]> {
    const datagrams: Datagram[] = [];
    let withoutFigures = 0;
    for (const service of services) {
      const stream = this.#streams.get(service) ?? new ReceiptStream(service, this.deps.newId);
      this.#streams.set(service, stream);
      const receipt = stream.next(this.#counted(service, heard), this.deps.clock.now());
      if (receipt.figures === null) withoutFigures += 1;
      const frame = this.#frame(service, receipt);
      for (const { vni, local } of this.#tunnels(service))
        datagrams.push({ bytes: vxlanDatagram(vni, frame), to: local });
      yield;
    }
    this.#state = { services: services.size, withoutFigures };
    return datagrams;
  }

  /** Figures that no frame has room for, since a node tells nonsense, are left out: the others' receipts go on. */
  #frame(service: string, receipt: Receipt): Uint8Array {
    const what = receiptOf(service);
    try {
      const frame = receiptFrame(receipt);
      this.#news.forget(what);
      return frame;
    } catch (cause) {
      this.#warn(what, cause);
      return receiptFrame({ ...receipt, figures: null });
    }
  }

  /** The figures of a service, by node too, as of one moment: a node's are in the sums or still its own. Null if one of them is not known. */
  #counted(service: string, heard: ReadonlyMap<string, StatisticsRecord>) {
    const { live, clock } = this.deps;
    const record = live.view.services.get(service)?.record;
    const earlier = this.#earlier.of(service);
    if (!record || earlier === 'unknown' || live.view.nodeRecords.countOfService(service) > mostNodeRecords)
      return null;
    const nodes = new Map<string, StatisticsRecord>();
    for (const part of atOnce(tapParts(live.view, 'tap_services', record)).own) {
      const found = heard.get(keyOf(part));
      if (!found) return null;
      nodes.set(part.node, found);
    }
    const figures: ReceiptFigures | null = receiptFigures([...nodes.values()], earlier, clock.now());
    return figures && { figures, nodes, unreadable: earlier?.unreadable ?? 0 };
  }

  async #send(datagrams: readonly Datagram[], signal: AbortSignal): Promise<void> {
    if (datagrams.length === 0) return;
    this.#socket ??= await this.deps.openSender(this.deps.listenAddress);
    const socket = this.#socket;
    let failure: unknown;
    for (let at = 0; at < datagrams.length && !signal.aborted; at += atATime)
      for (const sent of await Promise.allSettled(
        datagrams.slice(at, at + atATime).map(({ bytes, to }) => socket.send(bytes, to)),
      ))
        if (sent.status === 'rejected') failure ??= sent.reason;
    if (failure !== undefined) throw failure;
  }

  /** @returns what the work returns; undefined if it failed, which is said once for each cause */
  async #attempt<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work();
      this.#news.forget(what);
      return done;
    } catch (cause) {
      if (!signal.aborted) this.#warn(what, cause);
      return undefined;
    }
  }

  #warn(what: string, cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (this.#news.isNew(what, message))
      this.deps.logger.warn({ cause, what }, 'receipts are not sent as they should be; will try again');
  }
}

const receiptOf = (service: string): string => `the receipt of tap service ${service}`;

/** What is looked at in one go: a service with more flows than this has receipts without figures. */
const mostNodeRecords = 20_000;
