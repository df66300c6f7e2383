/** A file of the page, by its name below `/dashboard/`. Made by bundle.mjs. */
export declare const files: Readonly<Record<string, { readonly type: string; readonly text: string }>>;
