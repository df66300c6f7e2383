import { networkFields } from './network.js';

const fields = networkFields.map((field) => `fields=${encodeURIComponent(field)}`).join('&');

export function networksPath(limit: number, marker: string | undefined): string {
  return `/v2.0/networks?${fields}&limit=${limit}${marker === undefined ? '' : `&marker=${encodeURIComponent(marker)}`}`;
}

export const segmentRangesPath = '/v2.0/network_segment_ranges';
