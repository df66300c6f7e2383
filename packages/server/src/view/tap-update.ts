import { type ResourceKind, tapFlowCodec, tapMirrorCodec, tapServiceCodec } from '@taas/model';
import type { KeyValue } from '@taas/store';
import type { Dirty } from './dirty.js';
import type { Entry } from './entry.js';
import { knownId } from './known-id.js';
import { ownId } from './record-value.js';
import { TapEntry } from './tap-entry.js';
import type { ViewTables } from './view-tables.js';

/** Parses a value; one that is malformed is reported, and is an entry without a record. */
type Parse = <T>(kv: KeyValue, parse: (key: string, value: string) => T) => Entry<T>;

/** Takes the API's records of taps into a view, and notes what each was about. */
export class TapUpdate {
  constructor(
    private readonly view: ViewTables,
    private readonly dirty: Dirty,
    private readonly parse: Parse,
  ) {}

  set(kind: ResourceKind, named: string, key: string, kv: KeyValue | undefined): void {
    const id = knownId(this.view, kind, named);
    this.dirty.taps.set(id, kind);
    const take = { tap_services: this.#setService, tap_flows: this.#setFlow, tap_mirrors: this.#setMirror }[kind];
    const before = this.#recordOf(kind, id);
    take.call(this, id, key, kv);
    const record = this.#recordOf(kind, id);
    if (before && !record) this.dirty.gone[kind].set(id, before.project_id);
    if (record?.expires_at === undefined) this.view.expiring[kind].delete(id);
    else this.view.expiring[kind].add(id);
  }

  #recordOf(kind: ResourceKind, id: string) {
    const { services, flows, mirrors } = this.view;
    return { tap_services: services, tap_flows: flows, tap_mirrors: mirrors.byId }[kind].get(id)?.record;
  }

  #setService(id: string, key: string, kv: KeyValue | undefined): void {
    const before = this.view.services.get(id);
    const old = before?.record;
    if (old) {
      if (old.port_id !== undefined) {
        this.view.servicesByPort.remove(old.port_id, id);
        this.dirty.ports.add(old.port_id);
      }
      this.view.byProject.tap_services.remove(before);
    }
    this.dirty.services.add(id);
    const entry = kv && this.#resource('tap_services', kv, id, tapServiceCodec.parse);
    if (!entry) {
      this.view.services.delete(id);
      this.view.withReceipts.delete(id);
      this.view.unreadable.delete(key);
      this.forgetService(id);
      return;
    }
    this.view.services.set(id, entry);
    if (entry.record?.receipts === true) this.view.withReceipts.add(id);
    else this.view.withReceipts.delete(id);
    if (!entry.record) return;
    const { port_id } = entry.record;
    if (port_id !== undefined) {
      this.view.servicesByPort.add(port_id, id);
      this.dirty.ports.add(port_id);
    }
    this.view.byProject.tap_services.add(entry);
    this.view.segments.setProject(id, entry.record.project_id);
  }

  #setFlow(id: string, key: string, kv: KeyValue | undefined): void {
    const before = this.view.flows.get(id);
    const old = before?.record;
    if (old) {
      this.view.flowsByService.remove(old.tap_service_id, id);
      this.view.flowsByPort.remove(old.source_port, id);
      this.view.byProject.tap_flows.remove(before);
      this.dirty.services.add(old.tap_service_id);
      this.dirty.ports.add(old.source_port);
    }
    for (const service of this.view.nodeRecords.servicesOfFlow(id)) this.dirty.services.add(service);
    const entry = kv && this.#resource('tap_flows', kv, id, tapFlowCodec.parse);
    if (!entry) {
      this.view.flows.delete(id);
      this.view.unreadable.delete(key);
      return;
    }
    const { record } = entry;
    if (record) {
      record.tap_service_id = this.view.texts.of(record.tap_service_id);
      record.source_port = this.view.portRoles.get(record.source_port)?.port ?? record.source_port;
    }
    this.view.flows.set(id, entry);
    if (!entry.record) return;
    this.view.flowsByService.add(entry.record.tap_service_id, id);
    this.view.flowsByPort.add(entry.record.source_port, id);
    this.view.byProject.tap_flows.add(entry);
    this.dirty.services.add(entry.record.tap_service_id);
    this.dirty.ports.add(entry.record.source_port);
  }

  #setMirror(id: string, key: string, kv: KeyValue | undefined): void {
    const old = this.view.mirrors.byId.get(id)?.record;
    if (old) this.dirty.ports.add(old.port_id);
    this.dirty.mirrors.add(id);
    const entry = kv && this.#resource('tap_mirrors', kv, id, tapMirrorCodec.parse);
    if (!entry) this.view.unreadable.delete(key);
    else if (entry.record) this.dirty.ports.add(entry.record.port_id);
    this.view.mirrors.set(id, entry);
  }

  #resource<T extends { id: string; project_id: string }>(
    kind: ResourceKind,
    kv: KeyValue,
    id: string,
    parse: (key: string, value: string) => T,
  ): Entry<T> {
    const entry = this.parse(kv, (key, value) => ownId(id, key, parse(key, value)));
    if (entry.record === null) this.view.unreadable.add(kv.key);
    else this.view.unreadable.delete(kv.key);
    const { record, revision, createRevision } = entry;
    if (record) {
      record.id = id;
      record.project_id = this.view.texts.of(record.project_id);
    }
    return new TapEntry(kind, id, revision, createRevision, record);
  }

  /** To be called when a key of the service has gone. */
  forgetService(id: string): void {
    if (!this.view.services.has(id) && this.view.nodeRecords.countOfService(id) === 0) this.view.segments.forget(id);
  }
}
