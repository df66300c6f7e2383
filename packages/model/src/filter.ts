import Type, { type Static } from 'typebox';
import { IpPrefix, integer } from './field-types.js';

/** Lines of a filter. */
export const mostFilterRules = 64;

const ports = Type.Tuple([port(), port()]);

/**
 * One line of a flow's filter. Lines are tried in order and the first that matches decides; what matches none is not
 * copied. A line matches if every part that it names does; one that names none matches every frame. Up to two VLAN tags
 * are looked through. A later fragment of an IP packet has no ports: it matches as though its ports did.
 */
export const FilterRule = Type.Object({
  action: Type.Union([Type.Literal('accept'), Type.Literal('reject')]),
  /** Absent: any frame, or IPv4 and IPv6 if the line names something that only those have. */
  ethertype: Type.Optional(integer(0x600, 0xffff)),
  /** Behind IPv6's extension headers. */
  protocol: Type.Optional(integer(1, 255)),
  /** `address/length`. */
  source: Type.Optional(IpPrefix),
  destination: Type.Optional(IpPrefix),
  /** First and last; only with protocol 6 (TCP) or 17 (UDP). */
  source_ports: Type.Optional(ports),
  destination_ports: Type.Optional(ports),
});
export type FilterRule = Static<typeof FilterRule>;

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** Ethertypes of VLAN tags, which filters look through: no frame has one of them behind its tags but by three tags. */
export const tagTypes: readonly number[] = [0x8100, 0x88a8, 0x9100, 0x9200];

/** Protocols whose ports VPP's ACLs know: TCP and UDP. */
export const protocolsWithPorts: readonly number[] = [6, 17];

/** IPv6 extension headers, which VPP's ACLs look behind: as a protocol they would match nothing (src/plugins/acl). */
export const extensionHeaders: readonly number[] = [0, 43, 44, 60, 135, 139, 140, 253, 254];

function port() {
  return integer(0, 65535);
}
