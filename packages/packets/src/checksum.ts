/** The one's complement sum of 16-bit words (RFC 1071), not yet inverted; `seed` carries a pseudo header's sum. */
export function onesComplementSum(bytes: Uint8Array, seed = 0): number {
  let sum = seed;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  if (bytes.length % 2 === 1) sum += (bytes[bytes.length - 1] ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

/** The Internet checksum of RFC 1071, as it stands in a header. */
export function internetChecksum(bytes: Uint8Array, seed = 0): number {
  return ~onesComplementSum(bytes, seed) & 0xffff;
}
