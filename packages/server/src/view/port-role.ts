import { keys, type PortRoleRecord, portRoleCodec } from '@taas/model';
import type { Revision } from '@taas/store';
import type { ValuedEntry } from './entry.js';

/** What a record of a port's role says. Ports of one project with one role share it. */
export interface RoleSaid {
  readonly value: string;
  /** Null if it is malformed. */
  readonly record: PortRoleRecord | null;
}

/** What a port is to taps, and whose. */
export class PortRole implements ValuedEntry<PortRoleRecord> {
  constructor(
    readonly port: string,
    readonly revision: Revision,
    readonly createRevision: Revision,
    private readonly said: RoleSaid,
  ) {}

  get key(): string {
    return keys.portRole(this.port);
  }

  get value(): string {
    return this.said.value;
  }

  get record(): PortRoleRecord | null {
    return this.said.record;
  }
}

/** @throws RecordError for a malformed value */
export const readRole = (key: string, value: string): RoleSaid => ({ value, record: portRoleCodec.parse(key, value) });
