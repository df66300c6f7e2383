import { type ApiKind, apiKinds } from '@taas/model';
import { words } from './neutron-error.js';

export interface Extension {
  readonly alias: string;
  readonly name: string;
  readonly description: string;
  readonly updated: string;
  readonly links: readonly never[];
}

/** What clients ask for to know what they can do; the texts and dates are upstream's. */
export const extensions: readonly Extension[] = [
  {
    alias: 'taas',
    name: 'Neutron Tap as a Service',
    description: 'Neutron Tap as a Service Extension.',
    updated: '2015-01-14T10:00:00-00:00',
    links: [],
  },
  {
    alias: 'taas-vlan-filter',
    name: 'VLAN filtering for Neutron Tap as a Service',
    description: 'Neutron Tap as a Service Extension for filtering VLANs.',
    updated: '2018-01-14T10:00:00-00:00',
    links: [],
  },
  {
    alias: 'tap-mirror',
    name: 'Tap as a Service GRE or ERSPAN mirror',
    description: 'Neutron Tap as a Service extension for GRE or ERSPAN mirroring.',
    updated: '2023-05-05T11:45:00-00:00',
    links: [],
  },
  {
    alias: 'tap-mirror-both-direction',
    name: 'Tap as a Service mirror with BOTH direction support',
    description: 'Neutron Tap as a Service extension mirroring with support for BOTH direction.',
    updated: '2025-12-15T11:45:00-00:00',
    links: [],
  },
];

export const extensionNamed = (alias: string): Extension | undefined =>
  extensions.find((extension) => extension.alias === alias);

/** Neutron's answer for an extension that it has not, in a form that no other answer has. */
export const noExtension = (alias: string) => ({
  message: `The resource could not be found.<br /><br />\nExtension with alias ${alias} does not exist\n\n`,
  code: '404 Not Found',
  title: 'Not Found',
});

/** Our entries of `GET /v2.0/`. @param base the URL of `/v2.0/` without its last slash */
export const resourceEntries = (base: string) =>
  apiKinds.map((kind: ApiKind) => ({
    name: words[kind].resource,
    collection: kind,
    links: [{ rel: 'self', href: `${base}/taas/${kind}` }],
  }));

/** `GET /` of a server with no Neutron behind it. */
export const versions = (base: string) => ({
  versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${base}/v2.0/` }] }],
});

/** Replaces Neutron's entries that are ours, if it has any, and adds the rest, ours last. */
export function mergeEntries<T>(theirs: unknown, ours: readonly T[], nameOf: (entry: unknown) => unknown): unknown[] {
  const names = new Set(ours.map(nameOf));
  const others = Array.isArray(theirs) ? theirs.filter((entry) => !names.has(nameOf(entry))) : [];
  return [...others, ...ours];
}
