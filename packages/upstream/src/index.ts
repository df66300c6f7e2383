export { DeadlineError, withDeadline, within } from './deadline.js';
export {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  HttpError,
  type HttpRequest,
  type HttpResponse,
} from './http-client.js';
export { LruMap } from './lru-map.js';
export { createSharedCalls, type SharedCalls } from './shared-calls.js';
export { createTransport, type Transport } from './transport.js';
export type { TransportAnswer } from './transport-answer.js';
export { TransportError } from './transport-error.js';
export {
  createUpstream,
  defaultUpstreamLimits,
  type UnavailableErrorFactory,
  type Upstream,
  type UpstreamLimits,
  type UpstreamOptions,
  UpstreamUnavailableError,
} from './upstream.js';
export { TooLongError, wholeBody } from './whole-body.js';
