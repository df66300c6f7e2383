import { onVpp } from './on-vpp.js';

await onVpp('receipts');
