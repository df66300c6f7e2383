import { describe, expect, it } from 'vitest';
import { flowCopySize, mirrorCopySize } from './copy-size.js';

describe('the size of copies', () => {
  const vxlan = (remote: string) => ({ type: 'vxlan' as const, vni: 1, local: remote, remote });

  it('grows by what is put around them', () => {
    expect(flowCopySize({ type: 'local' }, 1500)).toMatchObject({ overhead: 0, needs_mtu: null });
    expect(flowCopySize({ type: 'vlan', physnet: 'p', vlan: 2 }, 1500)).toMatchObject({ overhead: 0, needs_mtu: 1500 });
    // RFC 7348: 50 bytes over IPv4, 70 over IPv6.
    expect(flowCopySize(vxlan('10.0.0.1'), 1450)).toMatchObject({ overhead: 50, needs_mtu: 1500 });
    expect(flowCopySize(vxlan('fd00::1'), 1450)).toMatchObject({ overhead: 70, needs_mtu: 1520 });
    expect(mirrorCopySize({ mirror_type: 'gre', remote_ip: '192.0.2.1' }, 1500)).toMatchObject({ needs_mtu: 1542 });
    expect(mirrorCopySize({ mirror_type: 'erspanv1', remote_ip: '192.0.2.1' }, 1500)).toMatchObject({
      needs_mtu: 1550,
    });
  });

  it('is not known where the MTU of the port is not', () => {
    expect(flowCopySize(vxlan('10.0.0.1'), null)).toMatchObject({ port_mtu: null, overhead: 50, needs_mtu: null });
  });
});
