import { onVpp } from './on-vpp.js';

await onVpp('no-buffers');
