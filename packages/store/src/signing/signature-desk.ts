import type { Clock, Logger, Watched } from '@taas/service';
import { type NeededSigner, readSealed, seal, unseal } from './envelope.js';
import { type Refusal, SignatureError } from './signature-error.js';
import type { OwnKey, SigningMaterial } from './signing-files.js';

export interface SignatureDeskOptions {
  readonly material: Watched<SigningMaterial>;
  /** Whether what is not signed at all is believed, while a cloud begins to sign. */
  readonly acceptUnsigned: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A value, or why it is not believed. */
export type Verdict = { readonly value: string; readonly seen: number | null } | { readonly refused: string };

const ownRevoked = "this program's own certificate is revoked: nobody believes what it writes";

/** Refusals that are shown; of more only the number is known. */
const maxShown = 20;

/** Signs and verifies values with the keys of the files, as they are at each moment, and counts. */
export class SignatureDesk {
  #changed = new AbortController();
  #verified = 0;
  #unsigned = 0;
  readonly #refused = new Map<Refusal, number>();
  readonly #last = new Map<string, string>();

  constructor(private readonly options: SignatureDeskOptions) {
    options.material.onChange(() => {
      this.#warnIfRevoked();
      const before = this.#changed;
      this.#changed = new AbortController();
      before.abort(new Error('keys for signatures have changed'));
    });
    this.#warnIfRevoked();
  }

  get own(): OwnKey | null {
    return this.options.material.current.own;
  }

  /** How many values were not believed for a reason, since start. */
  refusedFor(refusal: Refusal): number {
    return this.#refused.get(refusal) ?? 0;
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
      const opened = unseal(key, text, needed, this.options.material.current.authorities, clock.now());
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

  /** Whether nobody believes what we sign, by the list of those who are revoked. */
  #isOwnRevoked(): boolean {
    if (this.own === null) return false;
    try {
      this.options.material.current.authorities.signer(this.own.certificate, this.options.clock.now());
      return false;
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      return error.refusal === 'revoked';
    }
  }

  #warnIfRevoked(): void {
    if (this.#isOwnRevoked())
      this.options.logger.error({ own: this.own?.commonName }, `${ownRevoked}; give this program a new certificate`);
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
      ...(this.#isOwnRevoked() ? { problem: ownRevoked } : {}),
    };
  }
}
