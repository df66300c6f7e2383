/** Calls of one kind, of which those with the same key that overlap are one. */
export interface SharedCalls<T> {
  /**
   * Joins the call that is in progress for `key`, or starts one. A caller that aborts leaves; the call itself is aborted
   * when the last has left.
   * @throws what the call throws; the signal's reason if it aborts
   */
  run(key: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T>;
  has(key: string): boolean;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export function createSharedCalls<T>(): SharedCalls<T> {
  const flights = new Map<string, Flight<T>>();

  const start = (key: string, call: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController();
    const result = call(controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    // Each waiter sees the failure itself; one that has left must not make it an unhandled one.
    result.catch(() => undefined);
    const flight: Flight<T> = { result, controller, waiting: 0 };
    flights.set(key, flight);
    return flight;
  };

  return {
    has: (key) => flights.has(key),
    run: (key, signal, call) => {
      if (signal.aborted) return Promise.reject(signal.reason);
      const flight = flights.get(key) ?? start(key, call);
      flight.waiting++;
      return new Promise<T>((resolve, reject) => {
        const leave = () => {
          signal.removeEventListener('abort', onAbort);
          flight.waiting--;
        };
        const onAbort = () => {
          leave();
          if (flight.waiting === 0) {
            if (flights.get(key) === flight) flights.delete(key);
            flight.controller.abort(signal.reason);
          }
          reject(signal.reason);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        flight.result.then(
          (value) => {
            leave();
            resolve(value);
          },
          (error: unknown) => {
            leave();
            reject(error);
          },
        );
      });
    },
  };
}
