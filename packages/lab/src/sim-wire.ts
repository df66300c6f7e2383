import type { Port } from 'vpp-sim';

/** The physical network between simulators: what one uplink sends, all others get, as on a switch that floods. */
export class SimWire {
  readonly #ends = new Map<string, { readonly port: Port; readonly detach: () => void }>();

  /** Plugs a node's uplink in, in place of the one that it had there before. */
  attach(node: string, port: Port): void {
    this.#ends.get(node)?.detach();
    const detach = port.onFrameWithBudget((frame, budget) => {
      for (const [other, end] of this.#ends) if (other !== node) end.port.send(frame, budget);
    });
    this.#ends.set(node, { port, detach });
  }
}
