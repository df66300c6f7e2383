/** What one block of pcapng is, as {@link pcapngSection} and its companions write it: little-endian, Ethernet. */
export type ReadBlock =
  | { readonly is: 'section' }
  | { readonly is: 'interface'; readonly name: string }
  | { readonly is: 'packet'; readonly interface: number; readonly frame: Uint8Array; readonly length: number }
  | { readonly is: 'other' };

const nameOption = 2;

/** @param block whole, with its type and both lengths; `other` for what is none of these, or is not as it should be */
export function readBlock(block: Uint8Array): ReadBlock {
  const other = { is: 'other' } as const;
  if (block.length < 12) return other;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  switch (view.getUint32(0, true)) {
    case 0x0a0d0d0a:
      return { is: 'section' };
    case 1:
      return { is: 'interface', name: nameIn(block, view) };
    case 6: {
      if (block.length < 32) return other;
      const kept = view.getUint32(20, true);
      if (28 + kept > block.length - 4) return other;
      const frame = block.subarray(28, 28 + kept);
      return { is: 'packet', interface: view.getUint32(8, true), frame, length: view.getUint32(24, true) };
    }
    default:
      return other;
  }
}

function nameIn(block: Uint8Array, view: DataView): string {
  for (let at = 16; at + 4 <= block.length - 4; ) {
    const [code, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (code === 0) break;
    if (code === nameOption)
      return new TextDecoder().decode(block.subarray(at + 4, Math.min(at + 4 + size, block.length)));
    at += 4 + 4 * Math.ceil(size / 4);
  }
  return '';
}
