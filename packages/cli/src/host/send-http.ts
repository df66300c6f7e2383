import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

import { type Send, UnreachableError } from './http.js';

/** A list of 10,000 taps is some 10 MB. */
const mostBytes = 64 * 1024 * 1024;

/** Sends a request and reads the whole answer. Redirects are not followed: a token goes nowhere that nobody has named. */
export const sendHttp: Send = async ({ method, url, headers, body, trust = {}, timeoutMs, signal, onChunk }) => {
  const { protocol, origin } = new URL(url);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const within = AbortSignal.any([signal, late.signal]);
  try {
    const { insecure, ...tls } = trust;
    const options = {
      method,
      signal: within,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
      ...(protocol === 'https:' ? { ...tls, rejectUnauthorized: insecure !== true } : {}),
    };
    // Loaded here: in the bundle, any other import of them would be loaded by `--help`, too.
    const { request } = protocol === 'https:' ? await import('node:https') : await import('node:http');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, options, resolve);
      sent.once('error', reject);
      sent.end(body);
    });
    const { socket } = response;
    const certificate = 'getPeerCertificate' in socket ? (socket as TLSSocket).getPeerCertificate() : undefined;
    const isStream = onChunk !== undefined && Math.floor((response.statusCode ?? 0) / 100) === 2;
    if (isStream) clearTimeout(timer);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (isStream) {
        await onChunk(chunk);
        continue;
      }
      bytes += chunk.length;
      if (bytes > mostBytes) throw new RangeError(`an answer of more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
    const ends = certificate?.valid_to === undefined ? Number.NaN : Date.parse(certificate.valid_to);
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(chunks).toString('utf8'),
      ...(Number.isNaN(ends) ? {} : { certificateEnds: ends }),
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new UnreachableError(origin, within.aborted ? `no answer in ${timeoutMs / 1000} s` : codeOf(error), error);
  } finally {
    clearTimeout(timer);
  }
};

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
