import Type, { type Static } from 'typebox';
import { resourceKinds } from './identifiers.js';

const Text = Type.String({ maxLength: 512 });
const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);

/**
 * What may have happened: a request was carried out (`created`, `changed`, `deleted`) or `refused`; the nodes have verified
 * for the first time that copies are made (`began`), or nothing of the tap is left on any node (`ended`); somebody has `agreed` to a tap
 * that waited for it; the file of a capture is `read`; a tap is `expiring`: it ends soon; or entries that should be here were `lost`.
 */
export const auditEvents = [
  ...(['created', 'changed', 'agreed', 'deleted', 'began', 'read', 'expiring', 'ended', 'refused', 'lost'] as const),
] as const;
export type AuditEvent = (typeof auditEvents)[number];

/** Whose traffic goes where. */
export const AuditTap = Type.Object({
  kind: Type.Enum([...resourceKinds]),
  id: Text,
  name: Type.Optional(Text),
  project_id: OrNull(Text),
  /** The port that is copied; of a tap service the collector's. */
  port_id: Type.Optional(Text),
  /** Null if nobody could say. */
  port_project_id: Type.Optional(OrNull(Text)),
  direction: Type.Optional(Text),
  /** Whether only a part is copied: `vlan_filter` or `filter_rules`. */
  filtered: Type.Optional(Type.Boolean()),
  tap_service_id: Type.Optional(Text),
  /** The capture that the tap is a part of. */
  capture_id: Type.Optional(Text),
  collector_port_id: Type.Optional(OrNull(Text)),
  mirror_type: Type.Optional(Text),
  remote_ip: Type.Optional(Text),
  /** Why it is there, in its users' words. */
  reason: Type.Optional(Text),
  /** Milliseconds since the epoch. */
  expires_at: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Who asked for a tap that needs consent, and who has agreed; null as long as nobody has. */
  requested_by: Type.Optional(Text),
  agreed_by: Type.Optional(OrNull(Text)),
});
export type AuditTap = Static<typeof AuditTap>;

export const AuditEntry = Type.Object({
  event: Type.Enum([...auditEvents]),
  /** Milliseconds since the epoch, by the clock of the server that wrote it. */
  at: Type.Integer({ minimum: 0 }),
  /** Who asked; null if nobody did: a port went, or a node has reported. */
  user_id: OrNull(Text),
  project_id: OrNull(Text),
  request_id: OrNull(Text),
  tap: OrNull(AuditTap),
  /** What was changed, or why; a sentence. */
  detail: Text,
  /** Of a refused request. */
  status: Type.Optional(Type.Integer()),
  error: Type.Optional(Text),
  method: Type.Optional(Text),
  path: Type.Optional(Text),
  /** How many such requests, if they are not told one by one. */
  count: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type AuditEntry = Static<typeof AuditEntry>;

/** `/networking-vpp/taas/audit/entries/<id>`: what one transaction did. Written by it, never changed. */
export const AuditRecord = Type.Object({ v: Type.Literal(1), entries: Type.Array(AuditEntry, { maxItems: 512 }) });
export type AuditRecord = Static<typeof AuditRecord>;

/** `/networking-vpp/taas/audit/exported`: up to which revision all entries are in a leader's file. */
export const AuditExported = Type.Object({ v: Type.Literal(1), revision: Type.Integer({ minimum: 0 }) });
export type AuditExported = Static<typeof AuditExported>;
