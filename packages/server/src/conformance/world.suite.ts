import { randomUUID } from 'node:crypto';
import { createTokenValidator } from '@taas/keystone';
import { keys, parseKey, prefixes, tapStateCodec } from '@taas/model';
import { createNeutronClient, createPortLookup } from '@taas/neutron';
import { silentLogger, systemClock } from '@taas/service';
import type { FastifyInstance } from 'fastify';
import { keystoneAuthenticator } from '../auth/keystone.js';
import { requestTarget } from '../http/request-target.js';
import { neutronPorts } from '../taps/admission/port-directory.js';
import { createTestApi } from '../test-api.suite.js';
import { TestCloud } from '../test-cloud.suite.js';
import { LiveView } from '../view/live-view.js';
import { FakeKeystone, FakeNeutron, type FakeUser } from './fake-cloud.suite.js';
import { exchange } from './http-exchange.suite.js';
import { Names } from './names.suite.js';
import { cleanedUp, type HiddenStep, hiddenBefore, rawBodies, standIns } from './scene.suite.js';
import { expand, type Line, mapTexts } from './transcript.suite.js';

/** What our server answered, with ids replaced by names. */
export interface OurAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

const plural = { tap_service: 'tap_services', tap_flow: 'tap_flows' } as const;

/** The cloud that the transcripts were recorded in, with our server in place of the real one. */
export class World {
  readonly names = new Names();
  readonly #cloud = new TestCloud();
  readonly #projects = ['acme', 'umbrella', 'admin'].map((name) =>
    this.names.bind(`<project-${name}>`, randomUUID().replaceAll('-', '')),
  );
  readonly #keystone = new FakeKeystone(this.#users());
  readonly #neutron = new FakeNeutron((token) => this.#keystone.users[token]);
  readonly #stop = new AbortController();
  readonly #live = new LiveView(this.#cloud.store.client(), systemClock, silentLogger);
  #following: Promise<void> = Promise.resolve();
  #api: FastifyInstance | undefined;
  #address = '';

  async start(): Promise<void> {
    for (const project of ['acme', 'umbrella']) {
      for (let n = 1; n <= 8; n++) {
        const name = `<${project}-port${n}>`;
        // The transcript spells this one out in places.
        const id = name === '<acme-port1>' ? 'e1620529-8d18-43ab-b30a-cb30c80e3b41' : randomUUID();
        await this.#newPort(name, `<project-${project}>`, id);
      }
    }
    for (const n of [2, 3, 4]) {
      const standIn = await this.#newPort(`<acme-port${n} as collector>`, '<project-acme>', randomUUID());
      this.names.alias(standIn, `<acme-port${n}>`);
    }
    this.names.bind('<uuid>', this.names.id('<acme-port1>').toUpperCase());
    for (const name of ['<no-such-id>', '<acme-net1>', '<acme-net2>']) this.names.id(name);
    await this.#cloud.agent('node1');
    this.#following = this.#live.run(this.#stop.signal);
    const neutronUrl = await this.#neutron.start();
    this.#api = createTestApi({
      ...{ store: this.#cloud.store.client(), live: this.#live, policy: this.#cloud.policy, logger: silentLogger },
      ...{
        clock: systemClock,
        newId: randomUUID,
        neutron: { url: neutronUrl, silenceMs: 5_000, portGone: async () => true },
      },
      ...{ ports: this.#ports(neutronUrl), authenticator: this.#authenticator() },
      // The real one had 100 ids for all; ours gives each project its own quota.
      quotas: { tap_service: 100, tap_flow: -1, tap_mirror: 10 },
    });
    this.#address = await this.#api.listen({ host: '127.0.0.1', port: 0 });
  }

  async stop(): Promise<void> {
    await this.#api?.close();
    await this.#neutron.stop();
    this.#stop.abort();
    await this.#following;
    await this.#cloud.stop();
  }

  /** Plays one line, with the hidden steps before and after it. */
  async play(line: Line): Promise<OurAnswer> {
    for (const step of hiddenBefore[line.key] ?? []) await this.#hidden(step);
    this.#neutron.next = this.#neutronsAnswer(line);
    const answer = await this.#send(line);
    this.#neutron.next = null;
    if (cleanedUp(line, answer)) {
      const made = Object.values(answer.body as object)[0] as { id?: string };
      const kind = line.path.endsWith('tap_flows') ? 'tap_flow' : 'tap_service';
      if (made.id) await this.#hidden({ do: 'delete', kind, name: made.id });
    }
    return answer;
  }

  async #send(line: Line): Promise<OurAnswer> {
    const standIn = standIns[line.key] ?? {};
    const toIds = (text: string) => this.names.toIds(standIn[text] ?? expand(text));
    const headers: Record<string, string> = { host: '127.0.0.1:9696', accept: 'application/json' };
    if (line.as_user !== 'anonymous') headers['x-auth-token'] = line.as_user === 'empty-token' ? '' : line.as_user;
    for (const [name, value] of Object.entries(line.request_headers ?? {})) {
      if (name === '_omitted') for (const omitted of value ?? []) delete headers[omitted.toLowerCase()];
      else if (typeof value === 'string') headers[name.toLowerCase()] = toIds(value);
    }
    const body = this.#body(line, toIds);
    const raw = await exchange(this.#address, {
      ...{ method: line.method, path: toIds(line.path), headers, body },
      chunked: headers['transfer-encoding'] === 'chunked',
    });
    this.#learn(line.response_body, raw);
    return { status: raw.status, headers: raw.headers, body: this.#parse(raw.text) };
  }

  #body(line: Line, toIds: (text: string) => string): Buffer | undefined {
    const given = line.request_body;
    if (given === null || given === undefined) return undefined;
    const spelled = rawBodies[line.key]?.();
    if (spelled !== undefined) return Buffer.from(this.names.toIds(spelled));
    const rawText = (given as { _raw?: string })._raw;
    if (rawText === undefined) return Buffer.from(JSON.stringify(mapTexts(given, toIds)));
    const bytes = this.names.toIds(rawText).replace('\\xff\\xfe', '\u00ff\u00fe');
    return Buffer.from(bytes, line.key === 'ts.create.invalid-utf8' ? 'latin1' : 'utf8');
  }

  /** Gives new resources the names that the transcript has for them. */
  #learn(expected: unknown, { status, text }: { readonly status: number; readonly text: string }): void {
    if (status !== 201) return;
    const named = (Object.values(expected ?? {})[0] as { id?: unknown } | undefined)?.id;
    const made = (Object.values(JSON.parse(text) as object)[0] as { id?: unknown }).id;
    if (typeof named === 'string' && typeof made === 'string') this.names.bind(named, made);
  }

  #parse(text: string): unknown {
    if (text === '') return null;
    const named = this.names.toNames(text);
    try {
      return JSON.parse(named);
    } catch {
      return named;
    }
  }

  async #hidden(step: HiddenStep): Promise<void> {
    switch (step.do) {
      case 'create': {
        const path = `/v2.0/taas/${plural[step.kind]}`;
        const answer = await this.#ask(step.as, 'POST', path, {
          [step.kind]: mapTexts(step.body, (text) => this.names.toIds(text)),
        });
        const made = (JSON.parse(answer.text) as Record<string, { id?: string }>)[step.kind]?.id;
        if (made === undefined) throw new Error(`hidden step failed: ${answer.text}`);
        this.names.bind(step.name, made);
        return;
      }
      case 'delete': {
        const path = `/v2.0/taas/${plural[step.kind]}/${this.names.toIds(step.name)}`;
        const answer = await this.#ask('admin', 'DELETE', path);
        if (answer.status !== 204) throw new Error(`hidden step failed: ${answer.text}`);
        return;
      }
      case 'delete-all':
        for (const kind of ['tap_service', 'tap_flow'] as const) {
          const { text } = await this.#ask('admin', 'GET', `/v2.0/taas/${plural[kind]}?fields=id`);
          const all = (JSON.parse(text) as Record<string, { id: string }[]>)[plural[kind]] ?? [];
          for (const { id } of all) await this.#hidden({ do: 'delete', kind, name: id });
        }
        return;
      case 'new-port':
        await this.#newPort(step.name, step.project, randomUUID());
        return;
      case 'reset-quota':
        await this.#ask('admin', 'DELETE', `/v2.0/quotas/${this.names.id(step.project)}`);
        return;
      case 'revoke':
        this.#keystone.revoked.add(step.token);
        this.#validator.forget(step.token);
        return;
      case 'converge':
        await this.#converge(step.status);
    }
  }

  /** The compiler leads for a while, and node1's agent says `status` of all it is told. */
  async #converge(status: 'ACTIVE' | 'ERROR'): Promise<void> {
    const replica = await this.#cloud.replica();
    await this.#cloud.lead(replica);
    for (;;) {
      await this.#cloud.settle();
      let reports = 0;
      for (const [key, { kv, json }] of await this.#cloud.read(prefixes.nodeTaas('node1'))) {
        const parsed = parseKey(key);
        if (parsed.is !== 'node-resource') continue;
        const stateKey = keys.stateResource('node1', parsed.kind, parsed.id);
        const published = json['removed'] === true ? 'REMOVED' : status;
        const state = tapStateCodec.format({
          ...{ v: 1, id: parsed.id, revision: kv.modRevision, status: published },
          reason: published === 'ERROR' ? 'as the scene has it' : '',
        });
        if ((await this.#cloud.store.get(stateKey))?.value === state) continue;
        await this.#cloud.put(stateKey, state);
        reports += 1;
      }
      if (reports === 0) break;
    }
    await this.#cloud.standDown();
    const { revision } = await this.#cloud.put(`${prefixes.api}test`, '1');
    await this.#live.reached(revision, 5_000);
  }

  #ask(user: string, method: string, path: string, body?: object) {
    const headers = { 'x-auth-token': user, host: '127.0.0.1:9696' };
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return exchange(this.#address, { method, path, headers, body: payload });
  }

  async #newPort(name: string, project: string, id: string): Promise<string> {
    this.names.bind(name, id);
    // The network's owner sees what others have on it.
    const shared = name.startsWith('<tmp-bob') ? { seenBy: [this.names.id('<project-acme>')] } : {};
    this.#neutron.ports.set(id, { project: this.names.id(project), ...shared });
    await this.#cloud.bind('node1', id);
    return id;
  }

  /** What Neutron says to what is its own: what the transcript has, without what a Neutron without TaaS would not say. */
  #neutronsAnswer(line: Line): FakeNeutron['next'] {
    const target = requestTarget(line.path);
    if (target.is === 'resource' || target.is === 'unknown' || target.is === 'openapi') return null;
    // Ports that are deleted must be gone.
    if (line.method === 'DELETE' && line.path.startsWith('/v2.0/ports/')) return null;
    if (target.is === 'extensions' && target.alias?.startsWith('taas')) {
      // It is asked for the list, of which it has none of ours.
      return { status: 200, headers: line.response_headers, body: { extensions: [] } };
    }
    if (target.is === 'quotas' && line.method === 'PUT') {
      // Asked without our resources, it shows what it has.
      return { status: 200, headers: {}, body: { quota: { network: -1 } } };
    }
    const text = this.names.toIds(JSON.stringify(line.response_body));
    const body = JSON.parse(text) as { extensions?: { alias: string }[] } | null;
    if (body?.extensions) body.extensions = body.extensions.filter(({ alias }) => !alias.startsWith('taas'));
    return { status: line.status, headers: line.response_headers, body };
  }

  #users(): Readonly<Record<string, FakeUser>> {
    const [acme = '', umbrella = '', admin = ''] = this.#projects;
    const member = ['member', 'reader'];
    return {
      alice: { project: acme, roles: member },
      'alice-revoked-seen': { project: acme, roles: member },
      'alice-unscoped': { project: null, roles: [] },
      carol: { project: acme, roles: ['reader'] },
      bob: { project: umbrella, roles: member },
      admin: { project: admin, roles: ['admin', ...member] },
      'admin-system': { project: null, roles: ['admin', ...member], system: true },
    };
  }

  readonly #serviceTokens = { get: async () => 'service', invalidate: () => undefined };
  readonly #validator = createTokenValidator({
    ...{ keystone: this.#keystone, serviceTokens: this.#serviceTokens, clock: systemClock, logger: silentLogger },
  });

  #authenticator() {
    return keystoneAuthenticator(this.#validator, 'Keystone uri="http://127.0.0.1:5000"');
  }

  #ports(url: string) {
    const neutron = {
      request: async (path: string, { headers }: { headers: Readonly<Record<string, string>> }) => {
        const { status, headers: given, text } = await exchange(url, { method: 'GET', path, headers });
        return { status, headers: given, body: text };
      },
    };
    const client = createNeutronClient({ neutron, serviceTokens: this.#serviceTokens });
    // Neutron is asked each time.
    return neutronPorts(createPortLookup({ client, clock: systemClock, maxAgeMs: 0 }));
  }
}
