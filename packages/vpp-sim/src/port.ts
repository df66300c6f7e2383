import { type CapturedFrame, macBytes, readCapture, writeCapture } from '@taas/packets';
import type { Budget } from './engine/budget.js';
import type { Engine } from './engine/engine.js';
import type { InterfaceCounters } from './engine/interface.js';
import { FrameLog } from './frame-log.js';

/** What a port or an uplink is to be. */
export interface PortOptions {
  readonly name: string;
  /** VPP's interface tag, as networking-vpp sets it. */
  readonly tag?: string;
  /** Bridge domain to put it into. */
  readonly bridgeDomain?: number;
  /** MAC address of VPP's side; made from the index unless given. */
  readonly mac?: string;
  /** VPP's name of the driver. */
  readonly deviceType?: string;
  /** The vhost-user socket that VPP's own list shall name. */
  readonly vhostSocket?: string;
  /** How many received frames `received` keeps; 10,000 unless given. */
  readonly keep?: number;
}

export type FrameListener = (frame: Uint8Array) => void;

/** A VM's side of a port, or the wire at an uplink: sends into the simulator, and keeps what comes out. */
export class Port {
  readonly name: string;
  readonly swIfIndex: number;
  readonly #log: FrameLog;
  readonly #listeners = new Set<(frame: Uint8Array, budget: Budget) => void>();
  readonly #captures = new Set<CapturedFrame[]>();
  #engine: Engine | undefined;

  constructor(
    engine: Engine,
    kind: 'port' | 'uplink',
    options: PortOptions,
    private readonly nowMs: () => number,
  ) {
    this.#engine = engine;
    this.name = options.name;
    this.#log = new FrameLog(options.keep ?? 10_000);
    const device = engine.addDevice({
      kind,
      name: options.name,
      deviceType: options.deviceType ?? (kind === 'port' ? 'vhost-user' : 'memif'),
      mac: options.mac === undefined ? defaultMac(options.name) : macBytes(options.mac),
      transmit: (frame, budget) => this.#onTransmit(frame, budget),
      socket: options.vhostSocket,
    });
    this.swIfIndex = device.swIfIndex;
    device.tag = options.tag ?? '';
    if (options.bridgeDomain !== undefined) engine.joinBridge(device.swIfIndex, options.bridgeDomain);
  }

  /** Whether the interface is still there: a restart of the simulator takes it away, as does `remove`. */
  get alive(): boolean {
    return this.#engine?.interfaces.find(this.swIfIndex)?.name === this.name;
  }

  /** A frame from the VM. Lost when the interface is gone, as it would be. */
  send(frame: Uint8Array, budget?: Budget): void {
    if (this.#engine !== undefined && this.alive) this.#engine.inject(this.swIfIndex, frame, budget);
  }

  /** Calls `listener` with every frame for the VM; the function returned stops that. */
  onFrame(listener: FrameListener): () => void {
    return this.onFrameWithBudget((frame) => listener(frame));
  }

  /** As `onFrame`, with what is left of the work that the frame may cause: for joining simulators. */
  onFrameWithBudget(listener: (frame: Uint8Array, budget: Budget) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #onTransmit(frame: Uint8Array, budget: Budget): void {
    this.#log.add(frame);
    for (const capture of this.#captures) capture.push({ timeNs: BigInt(Math.round(this.nowMs() * 1e6)), frame });
    for (const listener of this.#listeners) listener(frame, budget);
  }

  /** The frames that came for the VM, the latest `keep` of them. */
  get received(): Uint8Array[] {
    return this.#log.frames;
  }

  /** Returns `received` and empties it. */
  takeReceived(): Uint8Array[] {
    return this.#log.take();
  }

  /** Sends every frame of a capture file; resolves to how many. Rejects with CaptureError. */
  async replay(file: string): Promise<number> {
    const frames = await readCapture(file);
    for (const { frame } of frames) this.send(frame);
    return frames.length;
  }

  /** Captures from now on what comes for the VM; the function returned writes the file and resolves to the count. */
  capture(file: string): () => Promise<number> {
    const frames: CapturedFrame[] = [];
    this.#captures.add(frames);
    return async () => {
      this.#captures.delete(frames);
      await writeCapture(file, frames);
      return frames.length;
    };
  }

  get counters(): InterfaceCounters | undefined {
    return this.#engine?.countersOf(this.swIfIndex);
  }

  /** Whether the VM is attached: without, frames for it are lost and counted. */
  setAttached(attached: boolean): void {
    const device = this.alive ? this.#engine?.interfaces.find(this.swIfIndex) : undefined;
    if (device !== undefined) this.#engine?.interfaces.setSpanDestination(device, attached);
  }

  /** Deletes the interface, with its sub-interfaces; its index goes to the next one made. */
  remove(): void {
    const device = this.alive ? this.#engine?.interfaces.find(this.swIfIndex) : undefined;
    if (device !== undefined) this.#engine?.interfaces.delete(device);
    this.detach();
  }

  /** Cuts it from the engine, which a restart has replaced. */
  detach(): void {
    this.#engine = undefined;
    this.#listeners.clear();
  }
}

/** A locally administered address that follows from the name, so that two simulators differ. */
function defaultMac(name: string): Uint8Array {
  let hash = 2_166_136_261;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  const mac = Uint8Array.of(0x02, 0xfe, 0, 0, 0, 0);
  new DataView(mac.buffer).setUint32(2, hash);
  return mac;
}
