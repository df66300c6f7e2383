import { featureList, type ListedFeature } from '../engine/feature-order.js';
import { absences, type Differences, none } from './differences.js';

/** What a release of VPP has that its API shows: which messages in which form, and what its bitmaps of L2 features mean. */
export interface Release {
  readonly name: string;
  /** What its API differs in from that of 26.06. */
  readonly differences: Differences;
  /** Its lists of L2 features, the lowest bit first (vnet/l2/l2_input.h and l2_output.h). */
  readonly inputFeatures: readonly ListedFeature[];
  readonly outputFeatures: readonly ListedFeature[];
  /** Whether "show interface features" prints those of layer 2, as VPP's does. */
  readonly printsFeatures: boolean;
  /** As much of a classifier session's next index as it keeps, and lists (vnet/classify/vnet_classify.h): 32 bits before 23.02. */
  readonly keptHit: 0xffff | 0xffffffff;
  /** Whether `classify_session_dump` tells what a session matches: before 22.10 the message ends before it. */
  readonly listsMatches: boolean;
  /**
   * Whether a client that has gone is subscribed to events no more. Before 22.02 (vlibmemory/socket_api.c, reaping by another number
   * than clients subscribe by) whoever gets its place is told that it is subscribed already.
   */
  readonly forgetsClients: boolean;
  /** Whether its ACLs match IPv6 prefixes of any length: before 25.06 only those that end at a whole byte. */
  readonly anyIp6Length: boolean;
}

const gbpInput = featureList(`DROP:feature-bitmap-drop XCONNECT:l2-output FLOOD:l2-flood ARP_UFWD:l2-uu-fwd
  ARP_TERM:arp-term-l2bd UU_FLOOD:l2-flood GBP_FWD:gbp-fwd UU_FWD:l2-uu-fwd FWD:l2-fwd RW:l2-rw LEARN:l2-learn
  L2_EMULATION:l2-emulation GBP_LEARN:gbp-learn-l2 GBP_LPM_ANON_CLASSIFY:l2-gbp-lpm-anon-classify
  GBP_NULL_CLASSIFY:gbp-null-classify GBP_SRC_CLASSIFY:gbp-src-classify GBP_LPM_CLASSIFY:l2-gbp-lpm-classify
  VTR:l2-input-vtr L2_IP_QOS_RECORD:l2-ip-qos-record VPATH:vpath-input-l2 ACL:l2-input-acl
  POLICER_CLAS:l2-policer-classify INPUT_FEAT_ARC:l2-input-feat-arc INPUT_CLASSIFY:l2-input-classify SPAN:span-l2-input`);
const gbpOutput = featureList(`OUTPUT:interface-output SPAN:span-l2-output GBP_POLICY_LPM:gbp-policy-lpm
  GBP_POLICY_PORT:gbp-policy-port GBP_POLICY_MAC:gbp-policy-mac CFM:feature-bitmap-drop QOS:feature-bitmap-drop
  ACL:l2-output-acl L2PT:feature-bitmap-drop EFP_FILTER:l2-efp-filter IPIW:feature-bitmap-drop
  STP_BLOCKED:feature-bitmap-drop LINESTATUS_DOWN:feature-bitmap-drop OUTPUT_CLASSIFY:l2-output-classify
  OUTPUT_FEAT_ARC:l2-output-feat-arc XCRW:l2-xcrw`);
const without = (list: readonly ListedFeature[], part: string) => list.filter(({ name }) => !name.startsWith(part));
const plainInput = without(without(gbpInput, 'GBP_'), 'L2_EMULATION');
const plainOutput = without(gbpOutput, 'GBP_');

/** With a feature before another. */
const inserted = (list: readonly ListedFeature[], before: string, text: string): readonly ListedFeature[] =>
  list.flatMap((each) => (each.name === before ? [...featureList(text), each] : [each]));
/** The features whose bits the engine works with. */
export const newestInput = inserted(
  inserted(plainInput, 'VTR', 'SRV6:sr-pl-rewrite-encaps-l2'),
  'POLICER_CLAS',
  'POLICER:l2-policer-input',
);
export const newestOutput = inserted(plainOutput, 'XCRW', 'POLICER:l2-policer-output');

const old = {
  printsFeatures: true,
  keptHit: 0xffffffff,
  listsMatches: false,
  anyIp6Length: false,
  forgetsClients: true,
} as const;
const oldest = { ...old, forgetsClients: false } as const;
const today = {
  printsFeatures: true,
  keptHit: 0xffff,
  listsMatches: true,
  anyIp6Length: true,
  forgetsClients: true,
} as const;
const recent = { ...today, anyIp6Length: false } as const;
const withGbp = { inputFeatures: gbpInput, outputFeatures: gbpOutput } as const;
const plain = { inputFeatures: plainInput, outputFeatures: plainOutput } as const;
const newest = { inputFeatures: newestInput, outputFeatures: newestOutput } as const;

/** Releases that differ in what the agent uses, or on which networking-vpp runs. */
export const releases = {
  '20.05': { name: '20.05', differences: absences.v20, ...withGbp, ...oldest },
  '20.09': { name: '20.09', differences: absences.v20, ...withGbp, ...oldest },
  '21.06': { name: '21.06', differences: absences.v21, ...withGbp, ...oldest },
  '22.06': { name: '22.06', differences: absences.v22, ...plain, ...old },
  '23.06': { name: '23.06', differences: absences.v23, ...plain, ...recent },
  '24.06': { name: '24.06', differences: absences.v24, ...plain, ...recent },
  '25.10': { name: '25.10', differences: absences.v25, ...plain, ...today },
  '26.02': { name: '26.02', differences: absences.v25, ...plain, ...today },
  '26.06': { name: '26.06', differences: none, ...newest, ...today },
} as const satisfies Readonly<Record<string, Release>>;

export type ReleaseName = keyof typeof releases;
export const newestRelease: Release = releases['26.06'];
