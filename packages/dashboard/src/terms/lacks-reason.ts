import type { ApiError } from '../api/ask.js';

/** Whether a refusal is for want of a reason: whether the operator wants one the API says only so, and already to a plan. */
export const lacksReason = ({ status, message }: ApiError): boolean =>
  status === 400 && /^Invalid input for reason\b/.test(message);
