/** The statuses that the API shows; the words are Neutron's. */
export const apiStatuses = ['DOWN', 'PENDING_CREATE', 'ACTIVE', 'ERROR', 'PENDING_DELETE'] as const;
export type ApiStatus = (typeof apiStatuses)[number];
