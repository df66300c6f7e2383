/** The frame with an 802.1Q tag put behind its addresses. */
export function taggedFrame(frame: Uint8Array, vlan: number): Uint8Array {
  const tagged = new Uint8Array(frame.length + 4);
  tagged.set(frame.subarray(0, 12));
  tagged.set([0x81, 0x00, vlan >> 8, vlan & 0xff], 12);
  tagged.set(frame.subarray(12), 16);
  return tagged;
}
