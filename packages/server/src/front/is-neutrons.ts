import { requestTarget } from '../http/request-target.js';

/** Whether a request goes to Neutron, however its path is spelled; what has nothing but documents to add, too. */
export function isNeutrons(url: string): boolean {
  switch (requestTarget(url).is) {
    case 'index':
    case 'extensions':
    case 'other':
    case 'outside':
      return true;
    default:
      return false;
  }
}
