import { requestTarget, splitUrl } from '../api/request-target.js';

/**
 * Whether a request is Neutron's alone, however its path is spelled.
 * @param ownExtension whether an extension's alias is one of ours
 */
export function isNeutrons(url: string, ownExtension: (alias: string) => boolean): boolean {
  const target = requestTarget(splitUrl(url).path);
  switch (target.is) {
    case 'other':
    case 'outside':
    case 'port':
      return true;
    case 'extensions':
      return target.alias !== null && !ownExtension(target.alias);
    default:
      return false;
  }
}
