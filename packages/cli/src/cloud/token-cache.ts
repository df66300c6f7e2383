import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Host } from '../host/host.js';
import type { CloudConfig } from './cloud-config.js';
import type { Login } from './keystone-login.js';

/** A token that ends sooner than this is as good as none. */
const marginMs = 60_000;

/** Tokens kept between two runs, in files of their owner alone; only where the user has asked for it. */
export class TokenCache {
  readonly #path: string;

  constructor(
    private readonly host: Host,
    config: CloudConfig,
  ) {
    const { password: _, application_credential_secret: __, token: ___, ...plain } = config.auth;
    const who = JSON.stringify([config.authType, Object.entries(plain).sort()]);
    const folder = host.env['XDG_CACHE_HOME'] || join(host.home, '.cache');
    this.#path = join(folder, 'taas', `${createHash('sha256').update(who).digest('hex').slice(0, 32)}.json`);
  }

  static isWanted({ env }: Host): boolean {
    return /^(1|true|yes|on)$/i.test(env['TAAS_TOKEN_CACHE'] ?? '');
  }

  /** Null if there is none that is still good for a while. */
  get(): Login | null {
    try {
      const login = JSON.parse(this.host.files.read(this.#path) ?? 'null') as Login | null;
      if (login === null || typeof login.token !== 'string' || !Array.isArray(login.catalogue)) return null;
      return login.expires > this.host.clock.now() + marginMs ? login : null;
    } catch {
      // A cache that cannot be read is none.
      return null;
    }
  }

  put(login: Login): void {
    try {
      this.host.files.writePrivate(this.#path, JSON.stringify(login));
    } catch {
      // The command works without.
    }
  }

  drop(): void {
    this.host.files.remove(this.#path);
  }
}
