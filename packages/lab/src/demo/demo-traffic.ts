import { MAX_CAPTURE_BYTES, macText, readCapture, sampleTraffic } from '@taas/packets';
import type { Frame } from '../lab-switch.js';
import type { DemoOptions } from './demo-options.js';

/** The traffic of one tapped VM. */
export interface VmTraffic {
  readonly vmMac: string;
  /** Frames that the VM sends. */
  readonly sent: readonly Frame[];
  /** Frames that others send to the VM. */
  readonly received: readonly Frame[];
}

/**
 * The traffic of the two tapped VMs: made up, or the user's capture for both.
 * @param say told of what is left out of a capture
 * @throws as {@link capturedTraffic}
 */
export async function demoTraffic(
  options: DemoOptions,
  say: (line: string) => void,
): Promise<readonly [VmTraffic, VmTraffic]> {
  if (options.pcap === undefined) return [madeTraffic(1), madeTraffic(2)];
  const traffic = await capturedTraffic(options.pcap, options.vmMac, say);
  return [traffic, traffic];
}

/** A mix of everything that a tap must copy: ARP, IPv4, IPv6, TCP, UDP, VLAN-tagged, broadcast, multicast, jumbo. */
export function madeTraffic(vmNumber: number): VmTraffic {
  const vmMac = `02:fe:00:00:${vmNumber.toString(16).padStart(2, '0')}:01`;
  const peerMac = `02:fe:00:00:${vmNumber.toString(16).padStart(2, '0')}:02`;
  const frames = sampleTraffic({ vmMac, peerMac, rounds: 10, firstSerial: vmNumber * 1_000_000 });
  return {
    vmMac,
    sent: frames.filter((frame) => frame.sentByVm).map((frame) => frame.frame),
    received: frames.filter((frame) => !frame.sentByVm).map((frame) => frame.frame),
  };
}

/**
 * The traffic of a capture file, split by who sent it. One direction may be empty.
 * @param vmMac undefined: the source of the first frame is taken for the VM
 * @param say told of what is left out
 * @throws CaptureError when the file is not a capture; Error when the VM sent and received nothing in it
 */
export async function capturedTraffic(
  file: string,
  vmMac: string | undefined,
  say: (line: string) => void,
): Promise<VmTraffic> {
  const captured = await readCapture(file, MAX_CAPTURE_BYTES, ({ offset, what }) =>
    say(`${file}: at byte ${offset}: ${what} is left out: it cannot be known whether it holds packets`),
  );
  const frames = captured.map(({ frame }) => frame).filter((frame) => frame.length >= ethernetHeader);
  const short = captured.length - frames.length;
  if (short > 0) say(`${file}: ${short} frames are left out: they are shorter than an Ethernet header`);
  const first = frames[0];
  if (first === undefined) throw new Error(`${file}: there is no Ethernet frame in it`);
  const vm = vmMac ?? sourceMac(first);
  const sent = frames.filter((frame) => sourceMac(frame) === vm);
  if (sent.length === 0 && !frames.some((frame) => macText(frame.subarray(0, 6)) === vm))
    throw new Error(`${file}: no frame was sent by ${vm} or to it; name the tapped VM's address with --vm-mac`);
  return { vmMac: vm, sent, received: frames.filter((frame) => sourceMac(frame) !== vm) };
}

/** Two addresses and a type. */
const ethernetHeader = 14;

function sourceMac(frame: Frame): string {
  return macText(frame.subarray(6, 12));
}
