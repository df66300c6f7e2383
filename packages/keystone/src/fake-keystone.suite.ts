import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type FairTurnsLimits, fixed, silentLogger, type Watched } from '@taas/service';
import { createHttpClient, createUpstream, defaultUpstreamLimits, type UpstreamLimits } from '@taas/upstream';
import { keystoneUnavailable } from './keystone-error.js';
import { createServiceTokenSource, type ServiceCredentials } from './token/service-token.js';
import { createTokenValidator, type TokenCacheLimits } from './token/token-validator.js';

/** Time that passes when told to. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(): ManualClock {
  let passed = 0;
  const start = Date.parse('2026-01-01T00:00:00Z');
  return {
    now: () => start + passed,
    monotonic: () => passed,
    sleep: () => Promise.reject(new Error('not used here')),
    advance: (ms) => {
      passed += ms;
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A Keystone of a few users: answers like the real one, or as the test says. */
export class FakeKeystoneState {
  readonly tokens = new Map<string, object>();
  readonly validations: string[] = [];
  logins = 0;
  password = 'right';
  serviceTokens = new Set<string>();
  serviceTokenLifeMs = 3_600_000;
  /** Answers instead of the usual, if set. */
  override: Answer | null = null;
  inFlight = 0;
  maxInFlight = 0;
  lastValidation: IncomingMessage['headers'] = {};
}

export interface FakeKeystone {
  readonly state: FakeKeystoneState;
  readonly url: string;
  close(): Promise<void>;
}

export const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

export async function startFakeKeystone(clock: Clock): Promise<FakeKeystone> {
  const state = new FakeKeystoneState();
  const usual: Answer = (request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => logIn(body, response));
      return;
    }
    if (!state.serviceTokens.has(String(request.headers['x-auth-token']))) {
      json(response, 401, { error: { code: 401 } });
      return;
    }
    const subject = String(request.headers['x-subject-token']);
    state.validations.push(subject);
    state.lastValidation = request.headers;
    const token = state.tokens.get(subject);
    if (token === undefined) json(response, 404, { error: { code: 404 } });
    else json(response, 200, { token });
  };
  const logIn = (body: string, response: ServerResponse) => {
    state.logins++;
    if (!body.includes(`"${state.password}"`)) {
      json(response, 401, { error: { code: 401 } });
      return;
    }
    const token = `service-token-${state.logins}`;
    state.serviceTokens.add(token);
    const expires = new Date(clock.now() + state.serviceTokenLifeMs).toISOString();
    json(response, 201, { token: tokenBody({ expires_at: expires }) }, { 'x-subject-token': token });
  };
  const server = createServer((request, response) => {
    state.inFlight++;
    state.maxInFlight = Math.max(state.maxInFlight, state.inFlight);
    response.on('close', () => {
      state.inFlight--;
    });
    (state.override ?? usual)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function tokenBody(fields: object = {}): object {
  return {
    methods: ['password'],
    user: { id: 'user-1', name: 'alice', domain: { id: 'default', name: 'Default' } },
    project: { id: 'project-1', name: 'acme', domain: { id: 'default', name: 'Default' } },
    roles: [{ id: 'r1', name: 'member' }],
    audit_ids: ['audit-1'],
    expires_at: '2026-01-01T04:00:00.000000Z',
    issued_at: '2026-01-01T00:00:00.000000Z',
    ...fields,
  };
}

/** Everything between a test and the fake, with short limits. */
export function keystoneParts(
  url: string,
  clock: Clock,
  options: {
    limits?: Partial<UpstreamLimits>;
    cache?: Partial<TokenCacheLimits>;
    password?: Watched<string>;
    unknown?: Partial<FairTurnsLimits>;
  } = {},
) {
  const http = createHttpClient();
  const keystone = createUpstream({
    name: 'Keystone',
    baseUrl: url,
    http,
    clock,
    random: () => 0.5,
    logger: silentLogger,
    limits: { ...defaultUpstreamLimits, timeoutMs: 2000, maxBytes: 100_000, ...options.limits },
    unavailable: keystoneUnavailable,
  });
  const serviceTokens = createServiceTokenSource({
    keystone,
    credentials: credentialsWith(options.password ?? fixed('right')),
    clock,
    random: () => 0.5,
    logger: silentLogger,
  });
  const validator = createTokenValidator({
    keystone,
    serviceTokens,
    clock,
    logger: silentLogger,
    ...(options.cache === undefined ? {} : { cache: options.cache }),
    ...(options.unknown === undefined ? {} : { unknown: options.unknown }),
  });
  return { http, keystone, serviceTokens, validator };
}

function credentialsWith(password: Watched<string>): Watched<ServiceCredentials> {
  const common = { userName: 'taas', userDomainName: 'Default', projectName: 'service', projectDomainName: 'Default' };
  const of = (text: string): ServiceCredentials => ({ ...common, kind: 'password', password: text });
  return {
    get current() {
      return of(password.current);
    },
    onChange: (listener) => password.onChange((text) => listener(of(text))),
  };
}
