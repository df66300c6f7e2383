/**
 * A server's configuration for loads that are no tenant's: thousands of taps of one project, made and asked for as fast as
 * can be. What bounds a tenant is tested where it is the question (tests/attack).
 */
export const withoutBounds = {
  quotas: { tap_service: -1, tap_flow: -1, tap_mirror: -1 },
  rate_limit: { per_second: 0 },
} as const;
