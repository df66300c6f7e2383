import { keys, parseKey, prefixes, root } from './keys.js';

/** Who signs a key's value, where values are signed. */
export type SignedBy =
  | { readonly is: 'server' }
  | { readonly is: 'node'; readonly node: string }
  /** networking-vpp's driver in Neutron. */
  | { readonly is: 'networking-vpp' };

/**
 * Who signs a key: whoever writes it, so servers what they keep and what nodes are told, and a node what it reports. Null for keys
 * that are neither ours nor read by us.
 */
export function signedBy(key: string): SignedBy | null {
  if (key.startsWith(prefixes.api)) return { is: 'server' };
  const [, area, node, part] = key.slice(root.length).split('/');
  if (!key.startsWith(`${root}/`) || !node) return null;
  if (part === 'taas') {
    if (area === 'nodes') return { is: 'server' };
    return area === 'state' ? { is: 'node', node } : null;
  }
  const parsed = parseKey(key);
  return parsed.is === 'bound-port' || parsed.is === 'bound-trunk' ? { is: 'networking-vpp' } : null;
}

/** Whether a key is written again and again while its writer lives, under its lease: signing it anew would take it off that. */
export function isBeating(key: string): boolean {
  if (key === keys.leader) return true;
  const { is } = parseKey(key);
  const beating: readonly string[] = ['agent', 'heartbeat', 'leader-heartbeat', 'server', 'statistics-request'];
  return beating.includes(is);
}
