import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { VXLAN_PORT } from '@taas/packets';

/** What sends receipts: UDP, to the port of VXLAN. */
export interface SenderSocket {
  /** @throws the error of sendto(2), such as ENETUNREACH */
  send(datagram: Uint8Array, to: string): Promise<void>;
  close(): Promise<void>;
}

/** @param address from which it sends @throws the error of bind(2), such as EADDRNOTAVAIL */
export type OpenSender = (address: string) => Promise<SenderSocket>;

/** A real socket, of whatever port is free. */
export const udpSender: OpenSender = async (address) => {
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  await new Promise<void>((resolve, reject) => {
    // One that could not be bound is open all the same.
    const fail = (cause: Error): void => {
      socket.close();
      reject(cause);
    };
    socket.once('error', fail);
    socket.bind({ address, port: 0 }, () => {
      socket.off('error', fail);
      resolve();
    });
  });
  // Of what was sent it is told by each sending; nobody reads what comes back.
  socket.on('error', () => undefined);
  return {
    send: (datagram, to) =>
      new Promise((resolve, reject) => {
        socket.send(datagram, VXLAN_PORT, to, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
};
