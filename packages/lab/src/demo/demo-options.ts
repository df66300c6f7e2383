/** What the user asked of the demo. */
export interface DemoOptions {
  readonly vpp: 'real' | 'sim' | 'auto';
  readonly store: 'etcd' | 'embedded' | 'auto';
  readonly direction: 'IN' | 'OUT' | 'BOTH';
  readonly transport: 'vlan' | 'vxlan';
  /** A capture of the user's own; undefined for the one that the demo makes. */
  readonly pcap: string | undefined;
  /** The MAC address whose frames the tapped VM sent; all others were sent to it. */
  readonly vmMac: string | undefined;
  readonly out: string;
  readonly keep: boolean;
}

export const demoHelp = `npm run demo [-- OPTIONS]

Runs a small cloud on this machine: two nodes with a virtual switch and a TaaS agent each, a TaaS server and its store.
Makes a tap service on node-b and two tap flows, from a port on node-b and from one on node-a; sends real frames through
the two tapped ports, and compares what the collector got with what it should have got, frame by frame.

  --vpp real|sim         a real VPP (the vpp of VPP_PREFIX or of the PATH) or the simulator; default: real if there is one
  --store etcd|embedded  a private etcd, or a store within the process; default: etcd if it is on the PATH
  --direction IN|OUT|BOTH  what is copied: to the VM, from the VM, or both; default BOTH
  --transport vlan|vxlan   how copies travel between the nodes; default vlan
  --pcap FILE            traffic to send: pcap or pcapng; default: a mix that the demo makes
  --vm-mac MAC           with --pcap: the frames with this source address are the VM's own; default: the first frame's
  --out FOLDER           where the collector's capture is written; default demo-out
  --keep                 leave everything running and say how to talk to it with curl, until Ctrl-C
  --help                 this text

The last line is \`demo: OK\` (exit code 0) or \`demo: FAILED: why\` (exit code 1).`;

/** What parseArgs of Node.js gives for the demo's flags. */
export type DemoFlags = Readonly<Record<string, string | boolean | undefined>>;

/**
 * @throws Error naming the option that is wrong and what it may be
 */
export function demoOptions(flags: DemoFlags): DemoOptions {
  const vmMac = text(flags, 'vm-mac')?.toLowerCase();
  if (vmMac !== undefined && !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(vmMac))
    throw new Error(`--vm-mac ${vmMac}: a MAC address looks like 02:fe:00:00:00:01`);
  const pcap = text(flags, 'pcap');
  if (vmMac !== undefined && pcap === undefined) throw new Error('--vm-mac goes with --pcap');
  return {
    vpp: oneOf(flags, 'vpp', ['real', 'sim']) ?? 'auto',
    store: oneOf(flags, 'store', ['etcd', 'embedded']) ?? 'auto',
    direction: oneOf(flags, 'direction', ['IN', 'OUT', 'BOTH']) ?? 'BOTH',
    transport: oneOf(flags, 'transport', ['vlan', 'vxlan']) ?? 'vlan',
    pcap,
    vmMac,
    out: text(flags, 'out') ?? 'demo-out',
    keep: flags['keep'] === true,
  };
}

function text(flags: DemoFlags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

function oneOf<const T extends string>(flags: DemoFlags, name: string, allowed: readonly T[]): T | undefined {
  const value = text(flags, name);
  if (value === undefined) return undefined;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`--${name} ${value}: it is one of ${allowed.join(', ')}`);
  return found;
}
