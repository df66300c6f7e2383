/** In which forms an answer can be written. */
export const formats = ['table', 'wide', 'json', 'yaml', 'value'] as const;
export type Format = (typeof formats)[number];
