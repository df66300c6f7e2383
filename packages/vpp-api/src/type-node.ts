/** Scalars of VPP's API language, all big-endian on the wire. */
export const scalarBytes = {
  u8: 1,
  i8: 1,
  bool: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
} as const;

export type ScalarName = keyof typeof scalarBytes;

export function isScalarName(name: string): name is ScalarName {
  return Object.hasOwn(scalarBytes, name);
}

/** A type with every alias and name resolved. */
export type TypeNode =
  | { readonly kind: 'scalar'; readonly type: ScalarName }
  | EnumNode
  /** `length` undefined: a u32 length and as many bytes; else a NUL-padded field of that many bytes. */
  | { readonly kind: 'string'; readonly length: number | undefined }
  | { readonly kind: 'array'; readonly element: TypeNode; readonly length: number }
  /** `lengthField` undefined: as many elements as the message has bytes left. */
  | { readonly kind: 'list'; readonly element: TypeNode; readonly lengthField: string | undefined }
  | StructNode
  | UnionNode;

export interface EnumNode {
  readonly kind: 'enum';
  readonly name: string;
  readonly base: ScalarName;
  /** True for `enumflags`; VPP declares many sets of flags as plain `enum`, so false proves nothing. */
  readonly flags: boolean;
  readonly values: ReadonlyMap<string, number>;
}

export interface StructNode {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly FieldNode[];
}

/** All arms start at the same byte; the union is as long as its longest arm. */
export interface UnionNode {
  readonly kind: 'union';
  readonly name: string;
  readonly arms: readonly FieldNode[];
  readonly bytes: number;
}

export interface FieldNode {
  readonly name: string;
  readonly type: TypeNode;
  /** What VPP's definition gives as default; encoded when the field is left out. */
  readonly defaultValue?: number | bigint | boolean;
  /** The array whose number of elements this field holds; encoded from it when left out. */
  readonly countOf?: string;
}

/** Bytes of a type if they are the same for every value, else undefined. */
export function fixedBytes(type: TypeNode): number | undefined {
  switch (type.kind) {
    case 'scalar':
      return scalarBytes[type.type];
    case 'enum':
      return scalarBytes[type.base];
    case 'string':
      return type.length;
    case 'list':
      return undefined;
    case 'union':
      return type.bytes;
    case 'array': {
      const element = fixedBytes(type.element);
      return element === undefined ? undefined : element * type.length;
    }
    case 'struct': {
      let sum = 0;
      for (const field of type.fields) {
        const bytes = fixedBytes(field.type);
        if (bytes === undefined) return undefined;
        sum += bytes;
      }
      return sum;
    }
  }
}

/** The fewest bytes a value of this type takes: what bounds the length of a list before anything is allocated. */
export function leastBytes(type: TypeNode): number {
  switch (type.kind) {
    case 'string':
      return type.length ?? 4;
    case 'list':
      return 0;
    case 'array':
      return leastBytes(type.element) * type.length;
    case 'struct':
      return type.fields.reduce((sum, field) => sum + leastBytes(field.type), 0);
    default:
      return fixedBytes(type) ?? 0;
  }
}
