/** An address text that is not one; the message quotes it. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/**
 * Six bytes of a MAC address written with colons, as in `02:00:00:00:00:01`.
 * @throws AddressError when the text is not one.
 */
export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
    throw new AddressError(`"${text}" is not a MAC address; write it as 02:00:00:00:00:01`);
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}

/** The text form of the six bytes at `offset`, in lower case. */
export function macText(bytes: Uint8Array, offset = 0): string {
  return Array.from(bytes.subarray(offset, offset + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * The 4 or 16 bytes of an IP address.
 * @throws AddressError when the text is neither IPv4 nor IPv6.
 */
export function ipBytes(text: string): Uint8Array {
  return text.includes(':') ? ip6Bytes(text) : ip4Bytes(text);
}

function ip4Bytes(text: string): Uint8Array {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    throw new AddressError(`"${text}" is not an IPv4 address`);
  return Uint8Array.from(parts, Number);
}

function ip6Bytes(text: string): Uint8Array {
  const halves = text.split('::');
  const head = groups(halves[0] ?? '');
  const tail = groups(halves[1] ?? '');
  const missing = 8 - head.length - tail.length;
  const valid = [...head, ...tail].every((group) => /^[0-9a-f]{1,4}$/i.test(group));
  if (!valid || halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0))
    throw new AddressError(`"${text}" is not an IPv6 address`);
  const all = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => '0'), ...tail];
  const bytes = new Uint8Array(16);
  all.forEach((group, index) => {
    const value = Number.parseInt(group, 16);
    bytes[2 * index] = value >> 8;
    bytes[2 * index + 1] = value & 0xff;
  });
  return bytes;
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

/** The text form of 4 or 16 address bytes; IPv6 is written in full groups, without `::`. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16)).join(':');
}
