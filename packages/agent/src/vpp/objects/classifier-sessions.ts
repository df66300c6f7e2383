import { Alternatives, handler } from '../alternatives.js';

/** A session of one of VPP's classifier tables, as VPP lists it. */
export interface ListedSession {
  /** In hex, as long as the table's mask. */
  readonly match: string;
  /** Whose it is. */
  readonly opaque: number;
  /** Frames that it matches go on to the next feature. */
  readonly isPermitted: boolean;
}

/**
 * Lists a table's sessions. VPPs before 22.10 leave out what a session matches, and write it over what lies behind the message in
 * their memory (vnet/classify/classify_api.c), so they must not be asked; their command line tells. No message tells which VPP is
 * mended; one that came with 23.02 does for all that have it.
 */
export const sessionsOf = new Alternatives<(table: number) => Promise<readonly ListedSession[]>>(
  'the sessions of a classifier table',
  [
    handler(['bridge_domain_add_del_v2'], (vpp) => async (table) => {
      const sessions = await vpp.dump('classify_session_dump', { table_id: table });
      return sessions.map(({ match, opaque_index, hit_next_index }) => ({
        match: Buffer.from(match).toString('hex'),
        opaque: opaque_index,
        // "The next feature" is ~0, of which VPP keeps 16 bits.
        isPermitted: hit_next_index === 0xffff,
      }));
    }),
    handler(
      [],
      (vpp) => async (table) =>
        shownSessions((await vpp.request('cli_inband', { cmd: `show classify tables index ${table} verbose` })).reply),
    ),
  ],
);

/** The sessions in what `show classify tables index N verbose` prints. */
export function shownSessions(shown: string): ListedSession[] {
  const session = /next_index (-?\d+) advance -?\d+ opaque (-?\d+) [^\n]*\n\s*k: ([0-9a-f]+)\s*$/gm;
  return Array.from(shown.matchAll(session), ([, next, opaque, match = '']) => ({
    match,
    opaque: Number(opaque) >>> 0,
    isPermitted: Number(next) === -1,
  }));
}
