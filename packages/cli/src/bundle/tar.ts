const block = 512;

/**
 * An archive as tar(1) reads it, compressed.
 * @param files by their paths, each of at most 100 bytes
 * @param time of every file, in milliseconds since 1970
 */
export async function tarGz(files: ReadonlyMap<string, string>, time: number): Promise<Uint8Array> {
  const { gzipSync } = await import('node:zlib');
  const parts = [...files].flatMap(([path, text]) => {
    const content = Buffer.from(text);
    return [header(path, content.length, time), content, Buffer.alloc((block - (content.length % block)) % block)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]));
}

/** POSIX ustar. */
function header(path: string, size: number, time: number): Buffer {
  const head = Buffer.alloc(block);
  if (head.write(path, 0, 100) < Buffer.byteLength(path)) throw new RangeError(`the path ${path} is too long`);
  const octal = (value: number, at: number, length: number) =>
    void head.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(time / 1000), 136, 12);
  head.write('        ', 148);
  head.write('0', 156);
  head.write('ustar\x0000', 257);
  octal(
    head.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return head;
}
