import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HostOptions } from './lab-switch.js';

const run = promisify(execFile);
const ip = (...words: string[]) => run('ip', words);

/** As VPP's uplinks have it. */
const mtu = 9216;
/** Of VPP's end: each pair is a network of its own. */
const vppMac = '02:fe:00:00:fe:01';

/** A pair of kernel interfaces: one end is a real VPP's, the other this machine's. */
export class HostLink {
  private constructor(
    private readonly options: HostOptions,
    private readonly ends: { readonly vpp: string; readonly kernel: string },
  ) {}

  /** @param name told from all others of this machine, of 13 characters at most @throws Error where no interfaces may be made */
  static async make(options: HostOptions, name: string): Promise<HostLink> {
    const link = new HostLink(options, { vpp: `${name}v`, kernel: `${name}k` });
    const { vpp, kernel } = link.ends;
    const [, length = '24'] = options.address.split('/');
    await ip('link', 'add', vpp, 'type', 'veth', 'peer', 'name', kernel);
    try {
      for (const end of [vpp, kernel]) await ip('link', 'set', end, 'mtu', String(mtu), 'up');
      await ip('addr', 'add', `${options.host}/${length}`, 'dev', kernel);
      // Addresses of this machine that no network has.
      for (const address of options.behind) await ip('addr', 'replace', `${address}/32`, 'dev', kernel);
      // Without a way back the kernel may not believe where a packet comes from (rp_filter).
      // By VPP's address here: the ones behind it are of other interfaces, and VPP answers for none of them.
      const [via = ''] = options.address.split('/');
      // Asked by ARP from one of those, VPP would not answer.
      await ip('neigh', 'replace', via, 'lladdr', vppMac, 'dev', kernel, 'nud', 'permanent');
      for (const address of options.from) await ip('route', 'replace', `${address}/32`, 'via', via, 'dev', kernel);
    } catch (error) {
      await link.remove();
      throw error;
    }
    return link;
  }

  /** Gives VPP its end, again after a restart. */
  async attach(cli: (command: string) => Promise<string>): Promise<void> {
    const { vpp } = this.ends;
    await cli(`create host-interface name ${vpp} hw-addr ${vppMac}`);
    await cli(`set interface mtu packet ${mtu} host-${vpp}`);
    await cli(`set interface state host-${vpp} up`);
    await cli(`set interface ip address host-${vpp} ${this.options.address}`);
  }

  async remove(): Promise<void> {
    await ip('link', 'del', this.ends.kernel);
  }
}
