import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { ipBytes, VXLAN_PORT } from '@taas/packets';
import type { Logger } from '@taas/service';

/** Where captures' copies arrive: UDP, the port of VXLAN. */
export interface ReceiverSocket {
  /** Datagrams that the kernel has dropped since the socket was opened, its buffer being full; null if nobody can tell. */
  drops(): Promise<number | null>;
  close(): Promise<void>;
}

/**
 * @param address on which it listens
 * @param onDatagram is given each datagram with the address of its sender
 * @throws the error of bind(2), for instance EADDRINUSE
 */
export type OpenReceiver = (
  address: string,
  onDatagram: (payload: Uint8Array, from: string) => void,
) => Promise<ReceiverSocket>;

/** As much as the kernel lets (net.core.rmem_max): bursts wait there while the program is busy. */
const wantedBuffer = 8 * 1024 * 1024;

/** A real socket. */
export const udpReceiver =
  (logger: Logger): OpenReceiver =>
  async (address, onDatagram) => {
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    // Never IPv4 by an address of IPv6: it would come with another spelling than nodes are known by.
    const socket = createSocket({ type, recvBufferSize: wantedBuffer, ipv6Only: type === 'udp6' });
    let isSaid = false;
    socket.on('message', (payload, { address: from }) => {
      try {
        onDatagram(payload, from);
      } catch (cause) {
        // Strangers send here, too: whatever they think of must not end the server, nor fill its log.
        if (!isSaid) logger.error({ cause }, 'a datagram of a capture could not be taken in; more of this is not said');
        isSaid = true;
      }
    });
    await new Promise<void>((resolve, reject) => {
      // One that could not be bound is open all the same.
      const fail = (cause: Error): void => {
        socket.close();
        reject(cause);
      };
      socket.once('error', fail);
      socket.bind({ address, port: VXLAN_PORT, exclusive: true }, () => {
        socket.off('error', fail);
        resolve();
      });
    });
    socket.on('error', (cause) => logger.error({ cause }, 'the socket that receives captures has failed'));
    const buffer = socket.getRecvBufferSize();
    // The kernel counts its own overhead as well, and says twice what it was asked for.
    if (buffer < wantedBuffer)
      logger.warn({ buffer, wanted: wantedBuffer }, 'the buffer for captures is small: raise net.core.rmem_max');
    const table = type === 'udp6' ? '/proc/net/udp6' : '/proc/net/udp';
    return {
      drops: async () => {
        try {
          return dropsOf(await readFile(table, 'utf8'), address);
        } catch {
          return null; // Nobody can tell, which is said.
        }
      },
      close: () => new Promise((resolve) => socket.close(() => resolve())),
    };
  };

/**
 * The column `drops` of the socket that is bound to an address and VXLAN's port.
 * @param table as Linux shows it in /proc/net/udp, with addresses as words of the machine (little-endian)
 */
export function dropsOf(table: string, address: string): number | null {
  const local = `${kernelAddress(address)}:${VXLAN_PORT.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[1] !== local) continue;
    const drops = Number(columns.at(-1));
    return Number.isSafeInteger(drops) ? drops : null;
  }
  return null;
}

function kernelAddress(address: string): string {
  const bytes = [...ipBytes(address)];
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 4)
    for (const byte of bytes.slice(at, at + 4).reverse()) words.push(byte.toString(16).toUpperCase().padStart(2, '0'));
  return words.join('');
}
