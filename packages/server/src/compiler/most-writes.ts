import { maxTxnOperations } from '@taas/store';

/** Writes that one transaction about taps may hold: the audit trail adds one. */
export const mostWrites = maxTxnOperations - 1;
