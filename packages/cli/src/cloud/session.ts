import { CliError } from '../exit-codes.js';
import type { Host } from '../host/host.js';
import { type HttpAnswer, type HttpRequest, UnreachableError } from '../host/http.js';
import { type CloudChoice, type CloudConfig, cloudConfig, isExposed } from './cloud-config.js';
import { type Login, logIn } from './keystone-login.js';
import { networkEndpoint } from './network-endpoint.js';
import { Secrets } from './secrets.js';
import { TokenCache } from './token-cache.js';

export interface SessionOptions extends CloudChoice {
  readonly timeoutMs: number;
  /** Told each request, without headers and bodies. */
  readonly debug?: ((line: string) => void) | undefined;
}

/** What a request has otherwise than others: for one that goes on when the user interrupts, or whose answer comes in pieces. */
type More = Partial<Pick<HttpRequest, 'signal' | 'onChunk'>>;

/** The network API as the caller's own user sees it. */
export class Session {
  #login: Promise<Login> | undefined;
  #config: CloudConfig | undefined;

  constructor(
    private readonly host: Host,
    private readonly options: SessionOptions,
    readonly secrets: Secrets = new Secrets(),
  ) {}

  /** Aborts when the user interrupts the command: another object each time, since Node warns of many who listen to one. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.host.signal]);
  }

  /** Waits for some milliseconds. @throws the signal's reason */
  pause(ms: number): Promise<void> {
    return this.host.clock.sleep(ms, this.signal);
  }

  /** @throws CliError */
  get config(): CloudConfig {
    this.#config ??= cloudConfig(this.host, this.options, this.secrets);
    return this.#config;
  }

  /** @throws CliError */
  async endpoint(): Promise<string> {
    const { authType, endpointOverride } = this.config;
    const alone = authType === 'none' || authType === 'admin_token';
    if (alone && endpointOverride === undefined)
      throw new CliError('usage', `auth_type ${authType} needs OS_ENDPOINT or OS_NETWORK_ENDPOINT_OVERRIDE`);
    return networkEndpoint(this.config, alone ? [] : (await this.login()).catalogue);
  }

  /** The project of the caller, where it is known without asking the API. */
  async projectId(): Promise<string | undefined> {
    const { authType, auth } = this.config;
    return authType === 'none' || authType === 'admin_token' ? auth['project_id'] : (await this.login()).projectId;
  }

  /** Logs in unless that is done already. @throws CliError */
  login(): Promise<Login> {
    this.#login ??= this.#logIn();
    return this.#login;
  }

  async #logIn(): Promise<Login> {
    const cache = this.#cache;
    const kept = cache?.get() ?? null;
    const login = kept ?? (await this.#fresh());
    this.secrets.add(login.token);
    return login;
  }

  async #fresh(): Promise<Login> {
    const login = await logIn(this.host, this.config, this.options.timeoutMs);
    this.secrets.add(login.token);
    this.#cache?.put(login);
    return login;
  }

  get #cache(): TokenCache | null {
    return TokenCache.isWanted(this.host) ? new TokenCache(this.host, this.config) : null;
  }

  /**
   * One request to the network API; an answer of any status is an answer.
   * @param path from the slash before `v2.0` on
   * @param more `signal` is in place of the user's interruption
   * @throws CliError unreachable, unauthenticated, usage
   */
  async request(method: string, path: string, body?: object, more: More = {}): Promise<HttpAnswer> {
    const answer = await this.#send(method, path, body, more);
    if (answer.status !== 401 || this.#cache?.get() == null) return answer;
    // A kept token may have been revoked; one of now is not asked for again.
    this.#cache.drop();
    this.#login = this.#fresh();
    return this.#send(method, path, body, more);
  }

  async #send(method: string, path: string, body: object | undefined, more: More): Promise<HttpAnswer> {
    const { host, options } = this;
    const url = `${await this.endpoint()}${path}`;
    if (isExposed(url)) this.#warnOnce(url);
    const from = host.clock.monotonic();
    try {
      const answer = await host.send({
        method,
        url,
        trust: this.config.trust,
        timeoutMs: options.timeoutMs,
        signal: host.signal,
        ...more,
        headers: {
          ...(await this.#credentials()),
          ...{ accept: 'application/json', 'user-agent': 'taas' },
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const ms = Math.round(host.clock.monotonic() - from);
      options.debug?.(
        `${method} ${url}: ${answer.status} in ${ms} ms, ${answer.headers['x-openstack-request-id'] ?? 'no request id'}`,
      );
      return answer;
    } catch (error) {
      if (error instanceof UnreachableError)
        throw new CliError('unreachable', `the network API: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async #credentials(): Promise<Readonly<Record<string, string>>> {
    const { authType, auth, from } = this.config;
    if (authType === 'none') {
      // A server in development mode believes these; any other ignores them.
      const { project_id: project, user_id: user, roles } = auth;
      return {
        ...(project === undefined ? {} : { 'x-project-id': project }),
        ...(user === undefined ? {} : { 'x-user-id': user }),
        ...(roles === undefined ? {} : { 'x-roles': roles }),
      };
    }
    if (authType === 'admin_token') {
      const { token } = auth;
      if (token === undefined) throw new CliError('unauthenticated', `${from} says no token`);
      return { 'x-auth-token': token };
    }
    return { 'x-auth-token': (await this.login()).token };
  }

  #warned = false;
  #warnOnce(url: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.host.terminal.err(`WARNING: ${new URL(url).origin} is not https: your token can be read on the way\n`);
  }
}
