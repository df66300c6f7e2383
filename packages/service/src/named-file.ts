/** A file that an option of the configuration names. */
export interface NamedFile {
  /** The option, as its reader knows it: `listen.tls_key_file`. */
  readonly option: string;
  readonly path: string;
  /** Whether it is refused when others can read it. */
  readonly secret?: boolean;
}
