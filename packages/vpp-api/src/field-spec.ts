import type { ScalarName } from './type-node.js';

/**
 * How a program says what it believes a field to be. One description gives both the TypeScript type of the field and the
 * check against what VPP says at connect.
 *
 * | written             | VPP                                   | TypeScript |
 * |---------------------|---------------------------------------|------------|
 * | `'u32'`, `'bool'` … | a scalar, or an alias of one          | number, boolean; bigint for u64 and i64 |
 * | `'string[64]'`      | `string x[64]`                        | string |
 * | `'string[]'`        | `string x[]`                          | string |
 * | `'u8[6]'`, `'u8[]'` | fixed and variable array of bytes     | Uint8Array |
 * | `'u32[4]'`, `'u32[]'` | fixed and variable array            | readonly number[] (bigint[], boolean[]) |
 * | `'u32 count'`       | the length field of a variable array  | number; may be left out of a request |
 * | `enumOf(…)`         | an enum or enumflags                  | number |
 * | `struct({…})`       | a nested type                         | an object |
 * | `listOf(spec, n?)`  | an array of those (variable without n) | readonly …[] |
 * | `unionOf({…})`      | a union                               | `{ raw }` or one arm to VPP; `{ raw }` from VPP |
 */
export type FieldSpec =
  | ScalarName
  | `${ScalarName}[${number}]`
  | `${ScalarName}[]`
  | `string[${number}]`
  | 'string[]'
  | `${'u8' | 'u16' | 'u32'} count`
  | EnumSpec
  | StructSpec
  | ListSpec
  | UnionSpec;

export interface EnumSpec {
  readonly kind: 'enum';
  readonly base: ScalarName;
  /** Names as VPP writes them, with their values; the check compares both. VPP may know more. */
  readonly values: Readonly<Record<string, number>>;
}

export interface StructSpec<F extends FieldSpecs = FieldSpecs> {
  readonly kind: 'struct';
  readonly fields: F;
}

export interface ListSpec<E = unknown> {
  readonly kind: 'list';
  readonly element: E;
  readonly length: number | undefined;
}

export interface UnionSpec<A extends FieldSpecs = FieldSpecs> {
  readonly kind: 'union';
  readonly arms: A;
}

export interface FieldSpecs {
  readonly [name: string]: FieldSpec;
}

/** An enum or a set of flags: `enumOf('u32', { SPAN_STATE_API_RX: 1 })`. */
export function enumOf<const V extends Readonly<Record<string, number>>>(
  base: ScalarName,
  values: V,
): EnumSpec & { readonly values: V } {
  return { kind: 'enum', base, values };
}

export function struct<const F extends FieldSpecs>(fields: F): StructSpec<F> {
  return { kind: 'struct', fields };
}

/** An array of nested types; of variable length unless `length` is given. */
export function listOf<const E extends FieldSpec>(element: E, length?: number): ListSpec<E> {
  return { kind: 'list', element, length };
}

export function unionOf<const A extends FieldSpecs>(arms: A): UnionSpec<A> {
  return { kind: 'union', arms };
}

type ScalarValue<S> = S extends 'u64' | 'i64' ? bigint : S extends 'bool' ? boolean : number;
type ArrayValue<S> = S extends 'u8' ? Uint8Array : readonly ScalarValue<S>[];

type OneArm<A extends FieldSpecs> = {
  readonly [K in keyof A]: { readonly [P in K]: InputOf<A[P]> };
}[keyof A];

/** The value a program gives for a field. */
export type InputOf<S> =
  S extends StructSpec<infer F>
    ? InputFields<F>
    : S extends UnionSpec<infer A>
      ? { readonly raw: Uint8Array } | OneArm<A>
      : S extends ListSpec<infer E>
        ? readonly InputOf<E>[]
        : PlainValue<S>;

/** The value a program gets for a field. */
export type OutputOf<S> =
  S extends StructSpec<infer F>
    ? OutputFields<F>
    : S extends UnionSpec
      ? { readonly raw: Uint8Array }
      : S extends ListSpec<infer E>
        ? readonly OutputOf<E>[]
        : PlainValue<S>;

type PlainValue<S> = S extends EnumSpec
  ? number
  : S extends `string[${string}`
    ? string
    : S extends `${string} count`
      ? number
      : S extends `${infer T}[${string}`
        ? ArrayValue<T>
        : ScalarValue<S>;

type CountKeys<F> = { [K in keyof F]: F[K] extends `${string} count` ? K : never }[keyof F];

/** The fields of a request: all of them, but counts may be left out; no field at all is `{}` and nothing else. */
export type InputFields<F> = [keyof F] extends [never]
  ? Readonly<Record<string, never>>
  : { readonly [K in Exclude<keyof F, CountKeys<F>>]: InputOf<F[K]> } & {
      readonly [K in CountKeys<F>]?: InputOf<F[K]>;
    };

export type OutputFields<F> = { readonly [K in keyof F]: OutputOf<F[K]> };
