import type { TcpLossEstimate } from '@taas/packets';

/** For people, beside what the server has counted. @param isFiltered part of the traffic was not wanted */
export function estimateText(estimate: TcpLossEstimate, isFiltered: boolean): string {
  const { streams, ackedBytes, unseenBytes, unseenSegments, seenSegments } = estimate;
  const label = "estimate by TCP's acknowledgements";
  if (streams === 0) return `${label}: none, since of no connection both directions were captured`;
  const of = `of ${streams} streams, ${ackedBytes} bytes were acknowledged`;
  const caution = isFiltered ? '; what the filter left out counts as missing' : '';
  if (unseenBytes === 0) return `${label}: nothing is missing (${of}, in ${seenSegments} segments)${caution}`;
  const share = Math.min(100, (100 * unseenBytes) / ackedBytes);
  const percent = share < 0.01 ? 'less than 0.01' : share.toFixed(2);
  return `${label}: about ${unseenSegments} segments are missing, ${unseenBytes} bytes, ${percent} % (${of})${caution}`;
}
