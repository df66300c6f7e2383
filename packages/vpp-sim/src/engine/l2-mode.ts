import { macText } from '@taas/packets';
import { type BridgeDomain, flushMacs, learnMac } from './bridge-domain.js';
import { type Interface, NO_INDEX } from './interface.js';
import { clearL2, type L2Config, type L2ConfigTable } from './l2-config.js';
import { BRIDGE_MEMBER_FEATURES, INPUT, OUTPUT } from './l2-features.js';
import { EngineError } from './retval.js';

/** How an interface is a member of a bridge domain. */
export type PortType = 'normal' | 'bvi' | 'uu-fwd';

/**
 * Puts an interface into a bridge domain, out of whatever mode it was in. Feature bits that were set before stay set:
 * going from bridge to bridge keeps a SPAN alive, coming from L3 mode does not (vnet/l2/l2_input.c).
 * @throws EngineError BD_ALREADY_HAS_BVI, and leaves it half done as VPP does: bridged for what comes in, and no member.
 */
export function joinBridge(
  configs: L2ConfigTable,
  of: Interface,
  bd: BridgeDomain,
  portType: PortType,
  shg: number,
): void {
  const config = configs.at(of.swIfIndex);
  leaveBridge(config, of);
  config.mode = 'bridge';
  config.bd = bd;
  config.inputFeatures = (config.inputFeatures | BRIDGE_MEMBER_FEATURES) & ~INPUT.XCONNECT;
  if (portType === 'bvi' && bd.bvi !== NO_INDEX)
    throw new EngineError('BD_ALREADY_HAS_BVI', `bridge domain ${bd.id} has a BVI`);
  config.shg = shg;
  config.isBvi = portType === 'bvi';
  config.outputFeatures |= OUTPUT.OUTPUT;
  config.hasOutput = true;
  if (portType === 'bvi') {
    bd.bvi = of.swIfIndex;
    of.floodClass = 'bvi';
    config.inputFeatures &= ~INPUT.LEARN;
    learnMac(bd, macText(of.mac), of.swIfIndex, true);
  }
  if (portType === 'uu-fwd') {
    bd.uuFwd = of.swIfIndex;
    bd.features |= INPUT.UU_FWD;
  } else {
    const member = { interface: of, shg };
    bd.members.set(of.swIfIndex, member);
    if (of.floodClass !== 'no-flood') bd.floodMembers.set(of.swIfIndex, member);
  }
}

/** Makes an interface send all it receives to another; the other direction is a request of its own. */
export function crossConnect(configs: L2ConfigTable, of: Interface, to: number): void {
  const config = configs.at(of.swIfIndex);
  leaveBridge(config, of);
  config.mode = 'xconnect';
  config.bd = undefined;
  config.shg = 0;
  config.xconnectTo = to;
  config.inputFeatures =
    (config.inputFeatures & ~(INPUT.LEARN | INPUT.FWD | INPUT.FLOOD)) | INPUT.DROP | INPUT.XCONNECT;
  config.outputFeatures |= OUTPUT.OUTPUT;
  config.hasOutput = true;
}

/** Takes an interface out of L2 mode. */
export function setL3(configs: L2ConfigTable, of: Interface): void {
  const config = configs.at(of.swIfIndex);
  leaveBridge(config, of);
  clearL2(config);
}

/**
 * What happens to L2 when an interface is deleted: it leaves its bridge domain, and of a cross-connect both ends return
 * to L3. An index that is not in L2 mode keeps its bits for whoever gets it next.
 */
export function forgetInterface(configs: L2ConfigTable, of: Interface, find: (i: number) => Interface | undefined) {
  const config = configs.find(of.swIfIndex);
  if (config === undefined || config.mode === 'l3') return;
  if (config.mode === 'xconnect') {
    const peer = find(config.xconnectTo);
    if (peer !== undefined) setL3(configs, peer);
  }
  setL3(configs, of);
}

function leaveBridge(config: L2Config, of: Interface): void {
  const bd = config.bd;
  if (config.mode !== 'bridge' || bd === undefined) return;
  if (bd.members.delete(of.swIfIndex)) config.lastBdFeatures = bd.features;
  bd.floodMembers.delete(of.swIfIndex);
  flushMacs(bd, of.swIfIndex);
  if (bd.bvi === of.swIfIndex) {
    bd.bvi = NO_INDEX;
    of.floodClass = 'no-flood';
  }
  if (bd.uuFwd === of.swIfIndex) {
    bd.uuFwd = NO_INDEX;
    bd.features &= ~INPUT.UU_FWD;
  }
  config.isBvi = false;
}
