import type { ResourceKind } from '@taas/model';

/** What the API calls a kind of tap, and what the user types. */
export const kinds = {
  service: { collection: 'tap_services', resource: 'tap_service', title: 'tap service' },
  flow: { collection: 'tap_flows', resource: 'tap_flow', title: 'tap flow' },
  mirror: { collection: 'tap_mirrors', resource: 'tap_mirror', title: 'tap mirror' },
} as const satisfies Record<string, { collection: ResourceKind; resource: string; title: string }>;

export type Kind = keyof typeof kinds;
export const kindNames: readonly Kind[] = ['service', 'flow', 'mirror'];

const uuid = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export const isId = (text: string): boolean => uuid.test(text);

const directions: readonly unknown[] = ['IN', 'OUT', 'BOTH'];

/** Whether it is one of the three that the API has. */
export const isDirection = (value: unknown): value is 'IN' | 'OUT' | 'BOTH' => directions.includes(value);

/** A tap as the API answers it: its id is a UUID. Nothing else in it is believed to have the form that it should. */
export interface Tap {
  readonly kind: Kind;
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** An attribute as a text; empty if there is none. */
export function textOf(tap: Tap, attribute: string): string {
  const value = tap.attributes[attribute];
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
