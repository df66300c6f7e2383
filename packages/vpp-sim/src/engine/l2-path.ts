import { macText } from '@taas/packets';
import type { AclTable } from './acl-table.js';
import { type BridgeDomain, learnMac } from './bridge-domain.js';
import type { ClassifierPolicing } from './classifier-policing.js';
import type { ClassifierTables } from './classifier-table.js';
import { NO_INDEX } from './interface.js';
import { governingFeatures, type L2ConfigTable } from './l2-config.js';
import { INPUT, OUTPUT } from './l2-features.js';
import type { Packet } from './packet.js';
import type { SpanTable } from './span-table.js';
import { changeTags } from './tag-rewrite.js';
import { readTags } from './vlan-match.js';

/** Where packets go on from the L2 path. */
export interface L2Output {
  /** To the L2 output features of interface `packet.tx`. */
  toL2Output(packet: Packet): void;
  /** To the wire of interface `packet.tx`. */
  toInterface(packet: Packet): void;
  drop(packet: Packet): void;
  /** A frame of which VPP leaves open, by reading beside a table, what becomes. */
  undefinedFrame(packet: Packet): void;
}

/** What the L2 path looks things up in. */
export interface L2Tables {
  readonly configs: L2ConfigTable;
  readonly span: SpanTable;
  readonly acls: AclTable;
  readonly classifiers: ClassifierTables;
  readonly policing: ClassifierPolicing;
}

/**
 * The L2 input features for a packet that came in by `packet.rx`, in VPP's order: SPAN first (all that the VM sent), then
 * ACLs, policers, the classifier, tag rewrite, learning, forwarding, flooding.
 */
export function l2Input(packet: Packet, tables: L2Tables, output: L2Output): void {
  const config = tables.configs.find(packet.rx);
  if (config === undefined || config.mode === 'l3') {
    output.drop(packet);
    return;
  }
  packet.shg = config.shg;
  const features = config.inputFeatures & packetMask(packet.frame) & governingFeatures(config);
  if ((features & INPUT.SPAN) !== 0) mirror(packet, packet.rx, 'rx', tables.span, output);
  if ((features & INPUT.FEAT_ARC) !== 0 && !tables.acls.permits(packet.rx, 'input', packet.frame)) {
    output.drop(packet);
    return;
  }
  if ((features & INPUT.POLICER_CLAS) !== 0 && !tables.policing.passes(packet.rx, packet.frame)) {
    output.drop(packet);
    return;
  }
  if ((features & INPUT.ACL) !== 0 && !tables.classifiers.permits(packet.rx, packet.frame)) {
    output.drop(packet);
    return;
  }
  if ((features & INPUT.VTR) !== 0 && config.rewrite !== undefined) {
    const changed = changeTags(packet.frame, config.rewrite.input);
    if (changed === undefined) {
      output.drop(packet);
      return;
    }
    packet.frame = changed;
  }
  if (config.mode === 'xconnect') {
    // Joining a bridge domain sets bits that a cross-connect does not clear, and they run before it: an interface that
    // comes straight from a bridge domain loses its unicast and its ARP there.
    if ((features & LEFT_OF_A_BRIDGE) !== 0) {
      output.drop(packet);
      return;
    }
    packet.tx = config.xconnectTo;
    output.toL2Output(packet);
    return;
  }
  if (config.bd !== undefined) bridge(packet, config.bd, features, output);
}

const LEFT_OF_A_BRIDGE = INPUT.UU_FWD | INPUT.UU_FLOOD | INPUT.ARP_UFWD;

/** Frames to a group are never forwarded by MAC, and but for ARP are no matter for ARP's features. */
function packetMask(frame: Uint8Array): number {
  if (((frame[0] ?? 0) & 1) === 0) return ~0;
  const byMac = INPUT.FWD | INPUT.UU_FLOOD | INPUT.UU_FWD;
  return isArp(frame) ? ~byMac : ~(byMac | INPUT.ARP_UFWD | INPUT.ARP_TERM);
}

/** Whether a frame is ARP, behind up to two tags. */
function isArp(frame: Uint8Array): boolean {
  const at = 12 + 4 * Math.min(2, readTags(frame).count);
  return frame[at] === 0x08 && frame[at + 1] === 0x06;
}

function bridge(packet: Packet, bd: BridgeDomain, features: number, output: L2Output): void {
  if ((features & INPUT.LEARN) !== 0 && !learn(packet, bd)) {
    output.drop(packet);
    return;
  }
  if ((features & INPUT.FWD) !== 0) {
    const entry = bd.macs.get(macText(packet.frame, 0));
    if (entry !== undefined) {
      if (entry.swIfIndex === packet.rx || entry.isBvi) {
        output.drop(packet);
        return;
      }
      packet.tx = entry.swIfIndex;
      output.toL2Output(packet);
      return;
    }
    if ((features & (INPUT.UU_FLOOD | INPUT.UU_FWD)) === 0) {
      output.drop(packet);
      return;
    }
  }
  if ((features & INPUT.UU_FWD) !== 0 && bd.uuFwd !== NO_INDEX) {
    packet.tx = bd.uuFwd;
    output.toL2Output(packet);
    return;
  }
  if ((features & (INPUT.UU_FLOOD | INPUT.FLOOD)) !== 0) {
    flood(packet, bd, output);
    return;
  }
  output.drop(packet);
}

/** Learns the source MAC; false when the address belongs to the BVI, whose entry is static. */
function learn(packet: Packet, bd: BridgeDomain): boolean {
  const mac = macText(packet.frame, 6);
  const entry = bd.macs.get(mac);
  if (entry?.isBvi === true) return false;
  if (entry?.swIfIndex !== packet.rx && mac !== '00:00:00:00:00:00') learnMac(bd, mac, packet.rx, false);
  return true;
}

/** A copy to every member but the sender, those of the sender's own split-horizon group, and loopbacks. */
function flood(packet: Packet, bd: BridgeDomain, output: L2Output): void {
  let copies = 0;
  for (const [swIfIndex, member] of bd.floodMembers) {
    if (swIfIndex === packet.rx || swIfIndex === bd.bvi) continue;
    if (packet.shg !== 0 && member.shg === packet.shg) continue;
    copies += 1;
    output.toL2Output({ ...packet, tx: swIfIndex });
  }
  if (copies === 0) output.drop(packet);
}

/**
 * The L2 output features of `packet.tx`: tag rewrite, split horizon, ACLs, and SPAN last (all that the VM is given). An
 * interface that is not in L2 mode takes nothing. If a feature waits there, VPP looks for the one after it in an empty
 * bitmap (vnet_l2_feature_next): by how it was compiled, the frame is delivered or VPP dies of SIGSEGV; both were seen.
 */
export function l2Output(packet: Packet, tables: L2Tables, output: L2Output): void {
  const config = tables.configs.find(packet.tx);
  const features = (config?.outputFeatures ?? 0) & ~OUTPUT.OUTPUT;
  if (config === undefined || !config.hasOutput) {
    if (features !== 0) output.undefinedFrame(packet);
    output.drop(packet);
    return;
  }
  if (config.rewrite !== undefined) {
    const changed = changeTags(packet.frame, config.rewrite.output);
    if (changed === undefined) {
      output.drop(packet);
      return;
    }
    packet.frame = changed;
  }
  if (config.shg !== 0 && config.shg === packet.shg) {
    output.drop(packet);
    return;
  }
  if ((features & OUTPUT.FEAT_ARC) !== 0 && !tables.acls.permits(packet.tx, 'output', packet.frame)) {
    output.drop(packet);
    return;
  }
  if ((features & OUTPUT.SPAN) !== 0) mirror(packet, packet.tx, 'tx', tables.span, output);
  output.toInterface(packet);
}

/** Sends copies to every L2 destination. The copy keeps the split-horizon group of the original; a copy is not copied. */
function mirror(packet: Packet, source: number, side: 'rx' | 'tx', span: SpanTable, output: L2Output): void {
  if (packet.spanClone) return;
  for (const destination of span.destinations(source, side, true))
    output.toL2Output({ ...packet, tx: destination, spanClone: true });
}
