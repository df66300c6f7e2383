import { CaptureError } from './capture-error.js';

/** Blocks of which the format says that they hold no packets. */
const withoutPackets: ReadonlySet<number> = new Set([
  4, // name resolution
  5, // interface statistics
  9, // systemd journal entry
  0x0a, // decryption secrets
  0x101, // Hone: machine information
  0x102, // Hone: connection event
]);
/** Blocks of vendors' own content, which only they can read; the second is not to be copied to other files. */
const custom: ReadonlySet<number> = new Set([0xbad, 0x40000bad]);
/** From here on block types are for local use: whoever made the file knows what they are. */
const firstLocal = 0x80000000;

/**
 * Says of a block that is not of a known packet type whether it may be left out.
 * @returns null if it holds no packets, or what it is if only its maker can tell: the user should know that it was there
 * @throws CaptureError for a type that is not known at all
 */
export function blockWithoutFrames(type: number, file: string, offset: number): string | null {
  if (withoutPackets.has(type)) return null;
  if (custom.has(type)) return 'a custom block';
  // Sysdig's events are of a system, not of a network.
  if (type >= 0x201 && type <= 0x21f) return 'a Sysdig block';
  if (type >= firstLocal) return `a block for local use (type 0x${type.toString(16)})`;
  throw new CaptureError(
    file,
    offset,
    `a block of type 0x${type.toString(16)} is not known, and could hold packets; convert the file with ` +
      'editcap -F pcap',
  );
}
