import type { IncomingMessage, ServerResponse } from 'node:http';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
  /** Changes with the content. */
  readonly etag: string;
}

/** By their names: `index.html`, and what it names. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Sends one, or says that the browser has it already. */
export function sendFile(file: PageFile, request: IncomingMessage, response: ServerResponse): void {
  // A page and its script of two releases would not understand each other: the browser asks each time.
  const headers = { ETag: file.etag, 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' };
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = zipped ? file.gzip : file.body;
  response.writeHead(200, {
    ...headers,
    'Content-Type': file.type,
    'Content-Length': String(body.length),
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
