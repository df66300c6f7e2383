import type { FieldValues } from 'vpp-api';
import type { Engine } from '../engine/engine.js';
import type { Fields } from './fields.js';
import type { SpokenApi } from './spoken-api.js';

/** One client as a handler sees it. */
export interface ClientContext {
  readonly clientIndex: number;
  /** Asks for interface events, or no more; false when that was so already. */
  wantInterfaceEvents(enable: boolean, pid: number): boolean;
}

/** What a handler works on. */
export interface HandlerContext {
  readonly engine: Engine;
  readonly client: ClientContext;
  /** The simulator's name, for those who ask. */
  readonly name: string;
  /** As which release it speaks. */
  readonly api: SpokenApi;
}

/** Answers a request with the fields of its reply; a thrown EngineError becomes its retval. */
export interface RequestHandler {
  readonly kind: 'request';
  /** Whether it changes what is configured: counted, so that a test can say "no writes". */
  readonly writes: (fields: Fields) => boolean;
  /** Fields of the reply beside the retval when the request is refused. */
  readonly refused: FieldValues;
  run(fields: Fields, context: HandlerContext): FieldValues;
}

/** Answers a dump with one message of details each. */
export interface DumpHandler {
  readonly kind: 'dump';
  run(fields: Fields, context: HandlerContext): Iterable<FieldValues>;
}

export type Handler = RequestHandler | DumpHandler;
export type Handlers = Readonly<Record<string, Handler>>;

/** A request that only reads. */
export function read(run: RequestHandler['run'], refused: FieldValues = {}): RequestHandler {
  return { kind: 'request', writes: () => false, refused, run };
}

/** A request that changes something; its reply needs no more than a retval unless `run` gives it. */
export function write(
  run: (fields: Fields, context: HandlerContext) => FieldValues | undefined,
  refused: FieldValues = {},
  writes: RequestHandler['writes'] = () => true,
): RequestHandler {
  return { kind: 'request', writes, refused, run: (fields, context) => run(fields, context) ?? {} };
}

export function dump(run: DumpHandler['run']): DumpHandler {
  return { kind: 'dump', run };
}
