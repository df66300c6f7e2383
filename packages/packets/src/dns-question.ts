const typeNames: Readonly<Record<number, string>> = {
  ...{ 1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 12: 'PTR', 15: 'MX', 16: 'TXT', 28: 'AAAA', 33: 'SRV', 65: 'HTTPS' },
};

/** More than a name has by the protocol (RFC 1035, section 2.3.4). */
const longestName = 255;
const headerBytes = 12;

/** The first question of a DNS message, in words: `query AAAA example.org`; null for what is none, or was cut off before its end. */
export function dnsQuestion(message: Uint8Array): string | null {
  if (message.length < headerBytes) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint16(4) === 0) return null;
  const labels: string[] = [];
  let at = headerBytes;
  while (at < message.length && at - headerBytes <= longestName) {
    const length = message[at] ?? 0;
    if (length === 0) {
      if (at + 3 > message.length) return null;
      const type = view.getUint16(at + 1);
      const name = labels.length === 0 ? '.' : labels.join('.');
      return `${view.getUint16(2) & 0x8000 ? 'response' : 'query'} ${typeNames[type] ?? `type ${type}`} ${name}`;
    }
    // A pointer: nothing that it could point to comes before the first question.
    if (length > 63 || at + 1 + length > message.length) return null;
    labels.push(label(message.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return null;
}

/** Whoever made the packet chose its bytes: what is not plain is shown by its number, as zone files do. */
const label = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\${String(byte).padStart(3, '0')}`,
  ).join('');
