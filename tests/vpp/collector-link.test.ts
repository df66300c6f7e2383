import { onVpp } from './on-vpp.js';

await onVpp('collector-link');
