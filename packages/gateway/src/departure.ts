import type { ServerResponse } from 'node:http';

/** The reason of a signal that aborts because nobody waits for the answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** Aborts when the client leaves before its answer is complete. */
export function onDeparture(response: ServerResponse, gone: AbortController): void {
  const leave = (): void => {
    if (!response.writableFinished) gone.abort(new ClientGoneError('the client has closed its connection'));
  };
  if (response.destroyed) leave();
  else response.once('close', leave);
}
