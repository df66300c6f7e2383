import { type Kind, kindNames, kinds } from './kinds.js';
import { isObject } from './taas-api.js';

/** What the API says that a change would do, as far as this command shows it (docs/reference/api.md). */
export interface Plan {
  readonly change: string;
  readonly kind: string;
  readonly changes: boolean;
  readonly taps: readonly PlannedTap[];
  readonly nodes: readonly {
    readonly node: string;
    readonly kind: string;
    readonly change: string;
    readonly steps: readonly string[];
  }[];
  readonly nodesInAll: number;
  /** Null where the caller may not read quotas. */
  readonly quotas:
    | readonly { readonly resource: string; readonly limit: number; readonly used: number; readonly after: number }[]
    | null;
  readonly unknown: readonly { readonly what: string; readonly reason: string }[];
}

export interface PlannedTap {
  readonly id: string | null;
  readonly name: string;
  /** Null where it goes at once. */
  readonly status: string | null;
  readonly code: string;
  readonly reason: string;
  /** Null where nothing is copied by the tap itself, or it goes. */
  readonly copying: {
    readonly transport: string | null;
    readonly takesSegment: boolean;
    readonly portMtu: number | null;
    readonly needsMtu: number | null;
    readonly samePort: readonly {
      readonly kind: string;
      readonly id: string;
      readonly direction: string;
      readonly sameService: boolean;
    }[];
    /** Whose statistics say what the source sends. */
    readonly countedBy: { readonly kind: Kind; readonly id: string } | null;
  } | null;
}

type Document = Readonly<Record<string, unknown>>;

/** What in the document has not the form that it should have is as good as absent. */
export function readPlan(document: Document): Plan {
  const { quotas } = document;
  return {
    change: text(document['change']),
    kind: text(document['kind']),
    changes: document['changes'] !== false,
    taps: objects(document['taps']).map(tapOf),
    nodes: objects(document['nodes']).map((each) => ({
      node: text(each['node']),
      kind: text(each['kind']),
      change: text(each['change']),
      steps: list(each['steps']).map(text),
    })),
    nodesInAll: number(document['nodes_in_all']) ?? 0,
    quotas: Array.isArray(quotas)
      ? objects(quotas).map((each) => ({
          resource: text(each['resource']),
          limit: number(each['limit']) ?? -1,
          ...{ used: number(each['used']) ?? 0, after: number(each['after']) ?? 0 },
        }))
      : null,
    unknown: objects(document['unknown']).map(({ what, reason }) => ({ what: text(what), reason: text(reason) })),
  };
}

function tapOf(each: Document): PlannedTap {
  const { id, status, copying } = each;
  return {
    id: typeof id === 'string' ? id : null,
    name: text(each['name']),
    ...{
      status: typeof status === 'string' ? status : null,
      code: text(each['status_code']),
      reason: text(each['status_reason']),
    },
    copying: isObject(copying) ? copyingOf(copying) : null,
  };
}

function copyingOf(document: Document): NonNullable<PlannedTap['copying']> {
  const [transport, size, forecast] = [document['transport'], document['size'], document['forecast']].map(object);
  return {
    transport: typeof transport?.['type'] === 'string' ? transport['type'] : null,
    takesSegment: transport?.['takes_segment'] === true,
    ...{ portMtu: number(size?.['port_mtu']), needsMtu: number(size?.['needs_mtu']) },
    samePort: objects(document['same_port']).map((each) => ({
      kind: text(each['kind']),
      id: text(each['id']),
      direction: text(each['direction']),
      sameService: each['same_service'] === true,
    })),
    countedBy: countedBy(object(forecast?.['counted_by'])),
  };
}

function countedBy({ kind: resource, id }: Document): { readonly kind: Kind; readonly id: string } | null {
  const kind = kindNames.find((each) => kinds[each].resource === resource);
  return kind !== undefined && typeof id === 'string' ? { kind, id } : null;
}

const object = (value: unknown): Document => (isObject(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const objects = (value: unknown): readonly Document[] => list(value).filter(isObject);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
