import { nameOf, type Ref, type VppObject } from './object.js';
import { Table, type ViewOf } from './table.js';

/** One rule of a stateless ACL; prefixes as `address/length`, port ranges inclusive. */
export interface AclRule {
  readonly permit: boolean;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePorts: readonly [number, number];
  readonly destinationPorts: readonly [number, number];
}

export type AclStep =
  | { readonly kind: 'create-acl'; readonly as: string; readonly tag: string; readonly rules: readonly AclRule[] }
  | {
      readonly kind: 'replace-acl';
      readonly index: number;
      readonly tag: string;
      readonly rules: readonly AclRule[];
      readonly before: readonly AclRule[];
    }
  | { readonly kind: 'delete-acl'; readonly at: Ref; readonly tag: string; readonly rules: readonly AclRule[] }
  /** The input ACLs of an interface that is ours alone; output ACLs are none. */
  | { readonly kind: 'bind-acls'; readonly at: Ref; readonly acls: readonly Ref[]; readonly before: readonly Ref[] }
  /** The ethertypes beside IP's that pass an interface's input ACLs; none: all. */
  | {
      readonly kind: 'set-ether-types';
      readonly at: Ref;
      readonly types: readonly number[];
      readonly before: readonly number[];
    };

export interface ActualAcl {
  readonly index: number;
  readonly tag: string;
  readonly rules: readonly AclRule[];
}

/** ACL indices in the order in which they are tried. */
export interface AclBinding {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

export interface AclTables {
  readonly acls: Table<number, ActualAcl, 'tag'>;
  /** By interface. */
  readonly aclBindings: Table<number, AclBinding>;
  /** The ethertypes to which an interface's input ACLs are limited, in ascending order; not there: not limited. */
  readonly etherTypes: Table<number, readonly number[]>;
}

type View = ViewOf<AclTables>;

const unbound: AclBinding = { input: [], output: [] };

/** The ACLs that an interface's input is tried against. */
export function inputAcls(index: number, { aclBindings }: Pick<View, 'aclBindings'>): readonly number[] {
  return aclBindings.get(index)?.input ?? [];
}

export const aclObject: VppObject<AclStep, AclTables> = {
  steps: {
    'create-acl': {
      describe: (s) => `create ${s.as} with ${s.rules.length} rules, tagged ${s.tag}`,
      undo: (s) => ({ kind: 'delete-acl', at: { ref: s.as }, tag: s.tag, rules: s.rules }),
      waits: false,
      refs: () => [],
      touches: () => ({}),
    },
    'replace-acl': {
      describe: (s) => `replace the rules of ACL ${s.index} by ${s.rules.length} others`,
      undo: () => null,
      waits: false,
      refs: () => [],
      touches: () => ({}),
    },
    'delete-acl': {
      describe: (s) => `delete ACL ${nameOf(s.at)} tagged ${s.tag}`,
      undo: () => null,
      waits: true,
      refs: (s) => [s.at],
      touches: () => ({}),
    },
    'bind-acls': {
      describe: (s) => `input ACLs of ${nameOf(s.at)}: ${s.acls.map(nameOf).join(', ') || 'none'}`,
      // A filter is taken off an interface that is about to go: by now its index may be somebody else's.
      undo: (s) => (s.acls.length === 0 ? null : { kind: 'bind-acls', at: s.at, acls: s.before, before: s.acls }),
      waits: false,
      refs: (s) => [s.at, ...s.acls],
      touches: (s) => ({ interfaces: [s.at] }),
    },
    'set-ether-types': {
      describe: ({ at, types }) =>
        `ethertypes that pass the ACLs of ${nameOf(at)}: ${types.map((type) => type.toString(16)).join(', ') || 'all'}`,
      undo: (s) =>
        s.types.length === 0 ? null : { kind: 'set-ether-types', at: s.at, types: s.before, before: s.types },
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: () => ({
    acls: new Table({ tag: ({ tag }) => [tag] }),
    aclBindings: new Table({}),
    etherTypes: new Table({}),
  }),
  follow: ({ aclBindings, etherTypes }, { index, now }) => {
    if (now) return;
    aclBindings.delete(index);
    etherTypes.delete(index);
  },
  withdraw: (index, actual) => [...unbindAcls(index, actual), ...clearEtherTypes(index, actual)],
  deletion: null,
  fingerprint: {
    tagged: (tag, { acls }) => acls.by('tag', tag).flatMap(({ index, rules }) => [index, rules]),
    on: (index, { aclBindings, etherTypes }) => [aclBindings.get(index) ?? unbound, etherTypes.get(index) ?? []],
    source: () => [],
  },
};

/** @param types in ascending order; none is no list */
export function putEtherTypes(
  { etherTypes }: Pick<AclTables, 'etherTypes'>,
  index: number,
  types: readonly number[],
): void {
  if (types.length === 0) etherTypes.delete(index);
  else etherTypes.put(index, types);
}

export function unbindAcls(index: number, actual: Pick<View, 'aclBindings'>): AclStep[] {
  const input = inputAcls(index, actual);
  const before = input.map((acl) => ({ index: acl }));
  return input.length === 0 ? [] : [{ kind: 'bind-acls', at: { index }, acls: [], before }];
}

export function clearEtherTypes(index: number, { etherTypes }: Pick<View, 'etherTypes'>): AclStep[] {
  const before = etherTypes.get(index) ?? [];
  return before.length === 0 ? [] : [{ kind: 'set-ether-types', at: { index }, types: [], before }];
}

export function deleteAcl({ index, tag, rules }: ActualAcl): AclStep {
  return { kind: 'delete-acl', at: { index }, tag, rules };
}
