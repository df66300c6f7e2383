import type { Clock, Logger } from '@taas/service';
import { type NeededSigner, readSealed, seal, unseal } from './envelope.js';
import { type Refusal, SignatureError } from './signature-error.js';
import type { OwnKey, SigningMaterial } from './signing-files.js';

export interface SignatureDeskOptions {
  /** Reads the files. @throws SignatureError */
  readonly load: () => SigningMaterial;
  /** Whether what is not signed at all is believed, while a cloud begins to sign. */
  readonly acceptUnsigned: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A value, or why it is not believed. */
export type Verdict = { readonly value: string; readonly seen: number | null } | { readonly refused: string };

/** Refusals that are shown; of more only the number is known. */
const maxShown = 20;
/** How often the files are looked at, in ms. */
const lookMs = 2_000;

/** Signs and verifies values with the keys of the files, reads these anew when they change, and counts. */
export class SignatureDesk {
  #material: SigningMaterial;
  #changed = new AbortController();
  #problem: string | null = null;
  #verified = 0;
  #unsigned = 0;
  readonly #refused = new Map<Refusal, number>();
  readonly #last = new Map<string, string>();

  /** @throws SignatureError for files that are of no use */
  constructor(private readonly options: SignatureDeskOptions) {
    this.#material = options.load();
  }

  get own(): OwnKey | null {
    return this.#material.own;
  }

  /** Aborts when certificates or keys have changed: what was refused may be believed now, and the other way round. */
  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  /** @param value JSON @throws TypeError for who has no key, and only reads */
  seal(key: string, value: string, seen: number): string {
    if (this.own === null) throw new TypeError('there is no key to sign with');
    return seal(key, value, seen, this.own);
  }

  open(key: string, text: string, needed: NeededSigner): Verdict {
    const { acceptUnsigned, clock } = this.options;
    if (acceptUnsigned && readSealed(text) === null) {
      this.#unsigned += 1;
      return { value: text, seen: null };
    }
    try {
      const opened = unseal(key, text, needed, this.#material.authorities, clock.now());
      this.#verified += 1;
      this.#last.delete(key);
      return opened;
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      return this.refuse(key, error);
    }
  }

  /** Counts and logs a value that is not believed. */
  refuse(key: string, { refusal, message }: SignatureError): { readonly refused: string } {
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    if (this.#last.get(key) !== message)
      this.options.logger.error({ key, refusal }, `a value in etcd is not believed: it ${message}`);
    this.#last.delete(key);
    this.#last.set(key, message);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= maxShown) break;
      this.#last.delete(oldest);
    }
    return { refused: message };
  }

  /** Looks at the files until `signal` aborts. What cannot be read is said, and what was read before stays in force. */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal).catch(() => undefined);
      if (!signal.aborted) this.look();
    }
  }

  /** Reads the files, and takes over what has changed in them. */
  look(): void {
    const { load, logger } = this.options;
    let found: SigningMaterial;
    try {
      found = load();
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      if (this.#problem !== error.message)
        logger.error(
          { problem: error.message },
          'keys for signatures cannot be read anew: those of before stay in force',
        );
      this.#problem = error.message;
      return;
    }
    this.#problem = null;
    if (found.fingerprint === this.#material.fingerprint) return;
    this.#material = found;
    logger.info({ own: found.own?.commonName ?? null }, 'keys for signatures were read anew');
    const before = this.#changed;
    this.#changed = new AbortController();
    before.abort(new Error('keys for signatures have changed'));
  }

  /** For /readyz. */
  facts(): Readonly<Record<string, unknown>> {
    return {
      verified: this.#verified,
      refused: Object.fromEntries(this.#refused),
      last_refused: [...this.#last].map(([key, reason]) => ({ key, reason })),
      ...(this.options.acceptUnsigned
        ? { unsigned_accepted: this.#unsigned, warning: 'accept_unsigned: values without a signature are believed' }
        : {}),
      ...(this.own === null ? {} : { certificate_valid_until: new Date(this.own.notAfter).toISOString() }),
      ...(this.#problem === null ? {} : { problem: this.#problem }),
    };
  }
}
