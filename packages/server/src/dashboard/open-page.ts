import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { PageFile, PageFiles } from './page-files.js';

/** The page's files as they are sent. @param files as `@taas/dashboard` has them */
export function openPage(files: Readonly<Record<string, { readonly type: string; readonly text: string }>>): PageFiles {
  return new Map(Object.entries(files).map(([name, { type, text }]) => [name, fileOf(type, Buffer.from(text))]));
}

function fileOf(type: string, body: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type, body, gzip: gzipSync(body, { level: 9 }), etag };
}
