import type { Watched } from '@taas/service';
import type { EtcdEndpoint } from './etcd-endpoint.js';
import { authNotEnabled } from './etcd-errors.js';
import type { EtcdCredentials } from './etcd-options.js';

/** Headers of a request; etcd takes the token from `token`. */
export type TokenHeaders = Readonly<Record<string, string>>;

/** Logs in when there is a user, and keeps the token until somebody finds it refused. */
export class EtcdAuth {
  #headers: Promise<TokenHeaders> | undefined;

  constructor(
    private readonly credentials: Watched<EtcdCredentials> | undefined,
    private readonly timeoutMs: number,
  ) {
    // etcd ends the tokens of a user whose password has changed; ours must not be asked for again with the old one.
    credentials?.onChange(() => {
      this.#headers = undefined;
    });
  }

  get enabled(): boolean {
    return this.credentials !== undefined;
  }

  /** The headers to send; many callers share one login. Throws what `Authenticate` throws. */
  headers(endpoint: EtcdEndpoint): Promise<TokenHeaders> {
    if (this.#headers !== undefined) return this.#headers;
    const login = this.#login(endpoint);
    this.#headers = login;
    login.catch(() => this.forget(login));
    return login;
  }

  /** Drops headers that were refused; a newer login, by another caller, stays. */
  forget(refused: Promise<TokenHeaders>): void {
    if (this.#headers === refused) this.#headers = undefined;
  }

  async #login(endpoint: EtcdEndpoint): Promise<TokenHeaders> {
    if (this.credentials === undefined) return {};
    try {
      const { user: name, password } = this.credentials.current;
      const request = { name, password };
      const { token } = await endpoint.auth.authenticate(request, { timeoutMs: this.timeoutMs });
      return { token };
    } catch (error) {
      // As with etcdctl, naming a user is no fault while the cluster asks for none.
      if (authNotEnabled(error)) return {};
      throw error;
    }
  }
}
