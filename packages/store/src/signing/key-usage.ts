/** Bits of a certificate's key usage (RFC 5280, 4.2.1.3) that matter here. */
export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
}

/** An element of DER: its tag, and its content. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const extensionsTag = 0xa3;
const octetString = 0x04;
/** 2.5.29.15 */
const keyUsageOid = Buffer.from([0x55, 0x1d, 0x0f]);

/**
 * The key usage of a certificate, which node:crypto does not show.
 * @param der a certificate that node:crypto has parsed
 * @returns null if the certificate says nothing of it, and so allows everything
 * @throws RangeError for bytes that are no certificate
 */
export function keyUsageOf(der: Buffer): KeyUsage | null {
  const [certificate] = elements(der);
  const [toBeSigned] = elements(contentOf(certificate));
  const wrapper = elements(contentOf(toBeSigned)).find(({ tag }) => tag === extensionsTag);
  if (wrapper === undefined) return null;
  const [extensions] = elements(wrapper.content);
  for (const extension of elements(contentOf(extensions))) {
    const parts = elements(extension.content);
    if (!parts[0]?.content.equals(keyUsageOid)) continue;
    const value = parts.find(({ tag }) => tag === octetString);
    const [bits] = elements(contentOf(value));
    // The first byte of a bit string tells how many bits of the last one are not used.
    const first = contentOf(bits)[1] ?? 0;
    return { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 };
  }
  return null;
}

function contentOf(element: Element | undefined): Buffer {
  if (element === undefined) throw new RangeError('the certificate ends too early');
  return element.content;
}

/** The elements that stand one after the other. */
function elements(der: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0;
    let length = der[at + 1] ?? 0;
    let start = at + 2;
    if (length > 0x80) {
      const bytes = length - 0x80;
      if (bytes > 4 || start + bytes > der.length) throw new RangeError('an element has no length');
      length = der.readUIntBE(start, bytes);
      start += bytes;
    }
    if (start + length > der.length) throw new RangeError('an element is cut off');
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
