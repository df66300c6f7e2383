import { tagTypes } from '@taas/model';
import { type VlanRange, vlanPrefixes } from '../flows/vlan-ranges.js';

/**
 * What decides on frames by the bytes of their Ethernet header: tables tried in order, the first session that equals the
 * masked frame decides, and `permitOthers` where none does (VPP's classifier, src/vnet/classify).
 */
export interface FrameClassifier {
  readonly tables: readonly ClassifierTable[];
  readonly permitOthers: boolean;
}

/** Masks and matches are the first 32 bytes of a frame, in hex; a match has no bit that its mask has not. */
export interface ClassifierTable {
  readonly mask: string;
  readonly sessions: readonly ClassifierSession[];
}

export interface ClassifierSession {
  readonly match: string;
  readonly permit: boolean;
}

export const classifiedBytes = 32;

/** Where the ethertype of a frame is, by the number of its tags. VPP's ACLs take no more than two for tags. */
const typeAt = [12, 16, 20] as const;
const innerTag = 0x8100;

/**
 * The classifier of a flow that copies only frames whose outermost tag is in `vlans` (null: any frame) and whose ethertype
 * behind the tags is none of `denied`; null if there is nothing to be told apart.
 */
export function frameClassifier(vlans: readonly VlanRange[] | null, denied: readonly number[]): FrameClassifier | null {
  if (vlans === null && denied.length === 0) return null;
  const tables = [...denialTables(denied, vlans !== null), ...(vlans === null ? [] : vlanTables(vlans))];
  return { tables, permitOthers: vlans === null };
}

function denialTables(denied: readonly number[], taggedOnly: boolean): ClassifierTable[] {
  if (denied.length === 0) return [];
  const outer = tagTypes.map((type): Bytes => [[12, type]]);
  const headers: readonly (readonly Bytes[])[] = [[[]], outer, outer.map((each) => [...each, [16, innerTag]])];
  return headers.flatMap((tags, depth) => {
    if (taggedOnly && depth === 0) return [];
    const mask = hex([12, 16, 20].slice(0, depth + 1).map((at) => [at, 0xffff]));
    const sessions = tags.flatMap((tag) =>
      denied.map((type) => ({ match: hex([...tag, [typeAt[depth] ?? 12, type]]), permit: false })),
    );
    return [{ mask, sessions }];
  });
}

/** A table for each length of prefix. */
function vlanTables(vlans: readonly VlanRange[]): ClassifierTable[] {
  const byLength = new Map<number, number[]>();
  for (const { value, length } of vlans.flatMap(vlanPrefixes))
    byLength.set(length, [...(byLength.get(length) ?? []), value]);
  return [...byLength].map(([length, values]) => ({
    mask: hex([
      [12, 0xffff],
      [14, (0xfff << (12 - length)) & 0xfff],
    ]),
    sessions: values.flatMap((vlan) =>
      tagTypes.map((type) => ({
        match: hex([
          [12, type],
          [14, vlan],
        ]),
        permit: true,
      })),
    ),
  }));
}

/** Two-byte numbers and where they stand. */
type Bytes = readonly (readonly [at: number, value: number])[];

function hex(parts: Bytes): string {
  const digits = Array.from({ length: classifiedBytes }, () => '00');
  for (const [at, value] of parts) {
    digits[at] = (value >> 8).toString(16).padStart(2, '0');
    digits[at + 1] = (value & 0xff).toString(16).padStart(2, '0');
  }
  return digits.join('');
}

export function sameClassifier(a: FrameClassifier | null, b: FrameClassifier | null): boolean {
  return text(a) === text(b);
}

/** VPP lists the sessions of a table in an order of its own. */
function text(classifier: FrameClassifier | null): string {
  if (classifier === null) return '';
  const { tables, permitOthers } = classifier;
  const sessions = (table: ClassifierTable) => table.sessions.map((each) => `${each.match} ${each.permit}`).sort();
  return JSON.stringify([permitOthers, tables.map((table) => [table.mask, sessions(table)])]);
}
