import { asLine, type ResourceKind, type StatusView } from '@taas/model';
import { words } from '../errors/neutron-error.js';
import type { RefusedTap, WantedTap } from './plan-migration.js';

/** Characters. */
const longestLine = 1_000;

/** The first word of each line. `make`: by --apply it would be made. `failed`: nobody could say; try again. */
export const states = ['make', 'made', 'there', 'refused', 'failed'] as const;
export type State = (typeof states)[number];

/** All was made or is there; something went wrong that may go right next time; some taps cannot be moved. 2 is wrong use. */
export const migrateExit = { done: 0, failed: 1, refused: 3 } as const;

/** One line a tap, in columns that programs can read: state, kind, id, and for those that are there their status. */
export class MigrationReport {
  readonly #counts = new Map<State, number>();
  #active = 0;

  constructor(
    private readonly print: (line: string) => void,
    private readonly applying: boolean,
  ) {}

  /** A tap that was made, or would be. */
  made(tap: WantedTap): void {
    this.#line(this.applying ? 'made' : 'make', resourceOf(tap.kind), tap.id, describe(tap));
  }

  there({ kind, id }: WantedTap, { status, reason }: StatusView): void {
    if (status === 'ACTIVE') this.#active += 1;
    this.#line('there', resourceOf(kind), id, [status, reason].filter(Boolean).join(' '));
  }

  refused({ kind, id, keys, reason }: RefusedTap): void {
    this.#line('refused', kind, id, `${reason} (${keys.join(', ')})`);
  }

  failed({ kind, id, keys }: WantedTap, reason: string): void {
    this.#line('failed', resourceOf(kind), id, `${reason} (${keys.join(', ')})`);
  }

  /** @returns the exit code */
  end(): number {
    const of = (state: State) => this.#counts.get(state) ?? 0;
    const total = [...this.#counts.values()].reduce((sum, each) => sum + each, 0);
    const said = this.applying ? `${of('made')} made` : `${of('make')} to make`;
    const there = `${of('there')} there (${this.#active} ACTIVE)`;
    this.print(`${total} taps: ${said}, ${there}, ${of('refused')} refused, ${of('failed')} failed`);
    if (!this.applying) this.print('nothing was changed; --apply makes them');
    if (of('failed') > 0) return migrateExit.failed;
    return of('refused') > 0 ? migrateExit.refused : migrateExit.done;
  }

  #line(state: State, kind: string, id: string, rest: string): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
    // Keys and texts are somebody's: what would move a terminal's cursor is not printed.
    this.print(asLine([state.padEnd(7), kind.padEnd(11), id, rest].join(' ').trimEnd(), longestLine));
  }
}

const resourceOf = (kind: ResourceKind): string => words[kind].resource;

function describe({ kind, attributes: given, note }: WantedTap): string {
  const what =
    kind === 'tap_services'
      ? `port ${given['port_id']}`
      : kind === 'tap_flows'
        ? `${given['direction']} of port ${given['source_port']} to ${given['tap_service_id']}`
        : `${JSON.stringify(given['directions'])} of port ${given['port_id']} to ${given['remote_ip']}`;
  return note === '' ? what : `${what} (${note})`;
}
