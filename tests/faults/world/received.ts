import type { Frame } from '@taas/lab';
import { isDistinctFrame, serialOf } from '../../scenarios/distinct-frames.js';
import type { Station } from '../../scenarios/mesh/mesh-model.js';
import { mirroredFrame } from '../../scenarios/mirrored-frame.js';

export interface Received {
  readonly at: Station;
  readonly serial: number;
}

/**
 * What a station was given with this frame. Outside it is what comes by a tunnel, or a frame as it is, which nobody ever asks for.
 * @returns null for what VPP says outside for itself
 */
export function receivedAt(station: Station, frame: Frame): Received | null {
  if (!station.startsWith('outside:')) return { at: station, serial: serialOf(frame) };
  const mirrored = mirroredFrame(frame);
  if (mirrored !== null) return { at: `tunnel:${mirrored.id}`, serial: serialOf(mirrored.inner) };
  return isDistinctFrame(frame) ? { at: station, serial: serialOf(frame) } : null;
}
