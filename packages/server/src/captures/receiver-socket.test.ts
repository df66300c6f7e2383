import { createSocket } from 'node:dgram';
import { VXLAN_PORT } from '@taas/packets';
import { silentLogger } from '@taas/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dropsOf, type ReceiverSocket, udpReceiver } from './receiver-socket.js';

// Of a Linux 6.1, made by `nc -lu` on these addresses.
const table = [
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             ',
  ' 1234: 0100007F:12B6 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 111 2 0000000000000000 5         ',
  ' 1235: 0100007F:12B5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 112 2 0000000000000000 4711      ',
].join('\n');
const table6 =
  '  77: B80D0120000000000000000009000000:12B5 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 113 2 0000000000000000 8';

describe('what the kernel has dropped', () => {
  it('is that of the socket with this address and port', () => {
    expect(dropsOf(table, '127.0.0.1')).toBe(4711);
    expect(dropsOf(table6, '2001:db8::9')).toBe(8);
  });

  it('is not known of a socket that is not there', () => {
    expect(dropsOf(table, '127.0.0.2')).toBeNull();
    expect(dropsOf('', '127.0.0.1')).toBeNull();
  });
});

describe('a real socket', () => {
  const address = '127.0.0.99';
  let open: ReceiverSocket | undefined;
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  it('gives each datagram with its sender, and knows that nothing was lost', async () => {
    const seen: [string, number[]][] = [];
    open = await udpReceiver(silentLogger)(address, (payload, from) => seen.push([from, [...payload]]));
    const sender = createSocket('udp4');
    await new Promise<void>((resolve) => sender.bind({ address: '127.0.0.98' }, resolve));
    sender.send(Uint8Array.of(1, 2, 3), VXLAN_PORT, address);
    await vi.waitFor(() => expect(seen).toEqual([['127.0.0.98', [1, 2, 3]]]), 10_000);
    sender.close();
    expect(await open.drops()).toBe(0);
  });

  it('is not opened where another one listens', async () => {
    open = await udpReceiver(silentLogger)(address, () => undefined);
    await expect(udpReceiver(silentLogger)(address, () => undefined)).rejects.toThrow('EADDRINUSE');
  });
});
