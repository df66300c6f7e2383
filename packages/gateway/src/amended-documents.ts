/** One of `GET /v2.0/extensions`. */
export interface ExtensionDocument {
  readonly name: string;
  readonly alias: string;
  readonly description: string;
  readonly updated: string;
  readonly links: readonly unknown[];
}

/** One of `GET /v2.0/`, before its link is known. */
export interface ResourceDocument {
  readonly name: string;
  readonly collection: string;
  /** Of the collection, below `/v2.0/`. */
  readonly path: string;
}

/** As tap-as-a-service 10 shows the first two, by neutron-lib's definitions of the next two; the rest is ours. */
export const taasExtensions: readonly ExtensionDocument[] = [
  {
    name: 'Neutron Tap as a Service',
    alias: 'taas',
    description: 'Neutron Tap as a Service Extension.',
    updated: '2015-01-14T10:00:00-00:00',
    links: [],
  },
  {
    name: 'VLAN filtering for Neutron Tap as a Service',
    alias: 'taas-vlan-filter',
    description: 'Neutron Tap as a Service Extension for filtering VLANs.',
    updated: '2018-01-14T10:00:00-00:00',
    links: [],
  },
  {
    name: 'Tap as a Service GRE or ERSPAN mirror',
    alias: 'tap-mirror',
    description: 'Neutron Tap as a Service extension for GRE or ERSPAN mirroring.',
    updated: '2023-05-05T11:45:00-00:00',
    links: [],
  },
  {
    name: 'Tap as a Service mirror with BOTH direction support',
    alias: 'tap-mirror-both-direction',
    description: 'Neutron Tap as a Service extension mirroring with support for BOTH direction.',
    updated: '2025-12-15T11:45:00-00:00',
    links: [],
  },
  {
    name: 'Filter rules for Tap as a Service flows',
    alias: 'taas-flow-filter',
    description: 'Ordered rules by ethertype, protocol, prefixes and ports that say which packets a tap flow copies.',
    updated: '2026-11-22T10:00:00-00:00',
    links: [],
  },
  {
    name: 'Accounting of Tap as a Service flows',
    alias: 'taas-flow-accounting',
    description:
      'Says whether what a tap flow copies is counted by itself, or together with other flows of its tap service.',
    updated: '2026-11-30T10:00:00-00:00',
    links: [],
  },
  {
    name: 'Taps that end by themselves',
    alias: 'taas-expiry',
    description: 'Says when a tap service, tap flow or tap mirror goes by itself; a change of it renews the tap.',
    updated: '2026-11-30T11:00:00-00:00',
    links: [],
  },
  {
    name: 'Why there are taps, and who has agreed',
    alias: 'taas-consent',
    description:
      'Says why a tap is there; and where a second person has to agree, whether that has been done, and by whom.',
    updated: '2026-11-30T11:00:00-00:00',
    links: [],
  },
  {
    name: 'Who taps the ports of a project',
    alias: 'taas-tapped-ports',
    description: 'Lists who copies the traffic of the ports of a project, administrators included.',
    updated: '2026-11-29T10:00:00-00:00',
    links: [],
  },
  {
    name: 'Statistics of taps',
    alias: 'taas-statistics',
    description:
      'What has been counted of a tap, stage by stage from its source to its collector, and what was lost on the way.',
    updated: '2026-11-29T19:00:00-00:00',
    links: [],
  },
  {
    name: 'Receipts of Tap as a Service',
    alias: 'taas-receipts',
    description: 'Frames that tell the collector of a tap service once a second how much it should have been given.',
    updated: '2026-11-30T07:00:00-00:00',
    links: [],
  },
  {
    name: 'Captures of Tap as a Service',
    alias: 'taas-captures',
    description: 'Frames of ports as a pcapng file that the client reads as they come.',
    updated: '2026-11-29T23:00:00-00:00',
    links: [],
  },
  {
    name: 'Audit trail of Tap as a Service',
    alias: 'taas-audit',
    description: 'Who tapped whose port to where, when it began and ended, and what was refused; for administrators.',
    updated: '2026-11-29T10:00:00-00:00',
    links: [],
  },
  {
    name: 'Plans of taps',
    alias: 'taas-plan',
    description: 'Says what making or deleting a tap would do, or why it would be refused, and changes nothing.',
    updated: '2026-11-29T23:00:00-00:00',
    links: [],
  },
  {
    name: 'Events of Tap as a Service',
    alias: 'taas-events',
    description: 'Which taps have changed, as a stream of server-sent events that goes on where it broke off.',
    updated: '2026-11-30T03:00:00-00:00',
    links: [],
  },
  {
    name: 'Nodes of Tap as a Service',
    alias: 'taas-nodes',
    description: 'What the agents of nodes tell of them, and what is wrong there; for administrators.',
    updated: '2026-11-30T07:00:00-00:00',
    links: [],
  },
  {
    name: 'Status codes of Tap as a Service',
    alias: 'taas-status-code',
    description: 'Says why a tap service, tap flow or tap mirror has its status, by a code for programs.',
    updated: '2026-11-29T12:00:00-00:00',
    links: [],
  },
];

export const taasResources: readonly ResourceDocument[] = [
  { name: 'tap_service', collection: 'tap_services', path: 'taas/tap_services' },
  { name: 'tap_flow', collection: 'tap_flows', path: 'taas/tap_flows' },
  { name: 'tap_mirror', collection: 'tap_mirrors', path: 'taas/tap_mirrors' },
  { name: 'tapped_port', collection: 'tapped_ports', path: 'taas/tapped_ports' },
];

export interface Additions {
  readonly extensions: readonly ExtensionDocument[];
  readonly resources: readonly ResourceDocument[];
}

/** What happens to Neutron's answer to a request. */
export type Amendment =
  | { readonly is: 'extensions' }
  | { readonly is: 'resources' }
  /** One extension of ours. Neutron is asked for the list, so that it decides who may read it. */
  | { readonly is: 'extension'; readonly document: ExtensionDocument };

/** Which document a request asks for, if it is one that we amend. */
export function amendmentOf(parts: readonly string[] | null, { extensions }: Additions): Amendment | null {
  if (parts === null || parts[0] !== 'v2.0') return null;
  if (parts.length === 1) return { is: 'resources' };
  if (parts[1] !== 'extensions') return null;
  if (parts.length === 2) return { is: 'extensions' };
  const document = parts.length === 3 ? extensions.find(({ alias }) => alias === parts[2]) : undefined;
  return document === undefined ? null : { is: 'extension', document };
}

/**
 * Neutron's document with ours. Its entries stay as they are and in their order (which is by names that it does not
 * show); ours follow, without those that it has.
 * @param base of links, such as `http://host:9696`
 * @returns undefined if this is not the document that it should be; then it is passed on as it came
 */
export function amended(amendment: Amendment, document: unknown, base: string, additions: Additions): unknown {
  if (amendment.is === 'resources') {
    const known = listIn(document, 'resources');
    if (known === undefined) return undefined;
    const ours = additions.resources.map(({ name, collection, path }) => {
      return { name, collection, links: [{ rel: 'self', href: `${linkBase(known) ?? base}/v2.0/${path}` }] };
    });
    return { ...(document as object), resources: withoutDoubles(known, ours, 'collection') };
  }
  const known = listIn(document, 'extensions');
  if (known === undefined) return undefined;
  if (amendment.is === 'extension') return { extension: amendment.document };
  return { ...(document as object), extensions: withoutDoubles(known, additions.extensions, 'alias') };
}

function listIn(document: unknown, name: string): readonly unknown[] | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const list: unknown = (document as Record<string, unknown>)[name];
  return Array.isArray(list) ? list : undefined;
}

function withoutDoubles(known: readonly unknown[], ours: readonly object[], key: string): readonly unknown[] {
  const value = (entry: unknown): unknown => (entry as Record<string, unknown> | null)?.[key];
  const names = new Set(known.map(value));
  return [...known, ...ours.filter((entry) => !names.has(value(entry)))];
}

/** How Neutron itself writes its links, which depends on its configuration. */
function linkBase(known: readonly unknown[]): string | undefined {
  const [first] = known as readonly ({ links?: readonly { href?: unknown }[] } | null)[];
  const href = first?.links?.[0]?.href;
  return typeof href === 'string' ? /^(.*)\/v2\.0\//.exec(href)?.[1] : undefined;
}
