/** This release's. */
export const serverVersion = '0.1.0';
