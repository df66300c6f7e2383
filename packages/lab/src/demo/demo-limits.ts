import type { LabSwitch } from '../lab-switch.js';
import type { DemoOptions } from './demo-options.js';
import type { VmTraffic } from './demo-traffic.js';

/** A capture that the demo could not compare with what arrives; says which frame, and what it is too much for. */
export class TrafficLimitError extends Error {
  override readonly name = 'TrafficLimitError';
}

/** What a switch of the lab can carry and show again. */
interface SwitchLimits {
  readonly frameBytes: number;
  /** Frames that one capture at a port holds. */
  readonly frames: number;
  /** For people: whose limit it is. */
  readonly of: string;
}

const limits: Readonly<Record<LabSwitch['kind'], SwitchLimits>> = {
  // ETHERNET_MAX_PACKET_BYTES (vnet/ethernet/packet.h, v26.06): what the capture of a packet-generator port keeps of a frame.
  real: { frameBytes: 9216, frames: 1_000_000, of: "the capture at a real VPP's port" },
  sim: { frameBytes: 65_535, frames: 1_000_000, of: "the simulator's ports" },
};

/**
 * Refuses traffic of which not every frame could be seen again, before anything is started.
 * @throws TrafficLimitError for the first frame that is too long, or for too many
 */
export function refuseWhatDoesNotFit(
  traffic: readonly VmTraffic[],
  kind: LabSwitch['kind'],
  { pcap }: Pick<DemoOptions, 'pcap'>,
): void {
  const { frameBytes, frames, of } = limits[kind];
  const where = pcap ?? "the demo's own traffic";
  for (const { sent, received } of traffic) {
    for (const [what, list] of [
      ['that the VM sends', sent],
      ['that the VM receives', received],
    ] as const) {
      const at = list.findIndex((frame) => frame.length > frameBytes);
      if (at >= 0)
        throw new TrafficLimitError(
          `${where}: frame ${at + 1} of those ${what} has ${list[at]?.length} bytes, too long for ${of}, which holds ` +
            `${frameBytes}; leave it out of the file${kind === 'real' ? ', or use --vpp sim' : ''}`,
        );
      if (list.length > frames)
        throw new TrafficLimitError(
          `${where}: ${list.length} frames ${what} are too many for ${of}, which holds ${frames}; split the file`,
        );
    }
  }
}
