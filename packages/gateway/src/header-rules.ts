/** Headers as `IncomingMessage.rawHeaders` has them: name, value, name, value; spelling and order as sent. */
export type RawHeaders = readonly string[];

/** RFC 9110, section 7.6.1, and RFC 2616, section 13.5.1: meant for the next hop alone. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What frames or addresses a message: a client's `Connection` header cannot take these away. */
const essential: ReadonlySet<string> = new Set(['host', 'content-length']);

export interface ForwardedRequest {
  readonly headers: RawHeaders;
  /** The client's address. */
  readonly clientAddress: string | undefined;
  /** Whether the client speaks TLS with us. */
  readonly encrypted: boolean;
  /** Host for a client that sends none (HTTP/1.0). */
  readonly fallbackHost: string;
  /** Length of the body that Neutron will be sent, in bytes; null: no body, and no word of one. */
  readonly contentLength: number | null;
  /** The answer must come without a content coding, because we read it. */
  readonly readAnswer: boolean;
}

/**
 * The headers that go to Neutron. Host stays, since Neutron builds its links from it, and so does an X-Forwarded-Proto
 * of a proxy in front of us, which Neutron always believes; without one it is told how the client reached us.
 * `Expect` has been answered by us, and the body always has a length: Neutron reads no chunked ones.
 */
export function requestHeaders(request: ForwardedRequest): string[] {
  const { headers, contentLength } = request;
  const dropped = namedByConnection(headers);
  const kept: string[] = [];
  const forwardedFor: string[] = [];
  let host: string | undefined;
  let proto: string | undefined;
  for (const [name, value] of pairs(headers)) {
    const lower = name.toLowerCase();
    if (lower === 'host') host ??= value;
    else if (hopByHop.has(lower) || dropped.has(lower) || lower === 'content-length' || lower === 'expect') continue;
    else if (lower === 'x-forwarded-for') forwardedFor.push(value);
    else if (lower === 'x-forwarded-proto') proto ??= value;
    else if (lower === 'accept-encoding' && request.readAnswer) continue;
    else kept.push(name, value);
  }
  const address = request.clientAddress?.replace(/^::ffff:/, '');
  if (address !== undefined) forwardedFor.push(address);
  const ours = request.encrypted ? 'https' : 'http';
  return [
    ...['Host', host ?? request.fallbackHost],
    ...kept,
    ...(forwardedFor.length > 0 ? ['X-Forwarded-For', forwardedFor.join(', ')] : []),
    ...['X-Forwarded-Proto', proto === 'http' || proto === 'https' ? proto : ours],
    ...(request.readAnswer ? ['Accept-Encoding', 'identity'] : []),
    ...(contentLength === null ? [] : ['Content-Length', String(contentLength)]),
  ];
}

/**
 * The headers that go to the client; how the body is framed towards it is decided by who writes it.
 * @param without names in lower case that are dropped besides
 */
export function responseHeaders(headers: RawHeaders, without: ReadonlySet<string> = new Set()): string[] {
  const dropped = namedByConnection(headers);
  return [...pairs(headers)].flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    return hopByHop.has(lower) || dropped.has(lower) || without.has(lower) ? [] : [name, value];
  });
}

/** The names, in lower case, that the sender has declared to be for the next hop alone. */
function namedByConnection(headers: RawHeaders): ReadonlySet<string> {
  const names = [...pairs(headers)]
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((name) => name.trim());
  return new Set(names.filter((name) => !essential.has(name)));
}

export function* pairs(headers: RawHeaders): Generator<readonly [string, string]> {
  for (let at = 0; at + 1 < headers.length; at += 2) yield [headers[at] ?? '', headers[at + 1] ?? ''];
}
