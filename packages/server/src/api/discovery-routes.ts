import type { NeutronUpstream } from '../front/neutron-upstream.js';
import { extensionNamed, extensions, mergeEntries, noExtension, resourceEntries, versions } from './discovery.js';
import { askNeutron, changed, relayed } from './neutron-answer.js';
import { methodNotAllowed } from './neutron-error.js';
import type { ApiAnswer, ApiRequest } from './request.js';

const property = (name: string) => (entry: unknown) => (entry as Record<string, unknown> | null)?.[name];

/** What tells clients what there is: alone, or together with what Neutron tells. */
export class DiscoveryRoutes {
  constructor(private readonly neutron: NeutronUpstream | null) {}

  outside(page: 'versions' | 'healthcheck' | null, { origin }: ApiRequest): ApiAnswer {
    if (page === 'versions') return { status: 200, body: versions(origin) };
    if (page === 'healthcheck') return { status: 200, body: { detailed: false, reasons: ['OK'] } };
    return { status: 404, body: { code: 404, title: 'Not Found', description: null } };
  }

  async index(request: ApiRequest): Promise<ApiAnswer> {
    mustRead(request);
    const ours = resourceEntries(`${request.origin}/v2.0`);
    if (!this.neutron) return { status: 200, body: { resources: ours } };
    const answer = await askNeutron(this.neutron, request);
    const merged = changed(answer, (body) => ({
      ...body,
      resources: mergeEntries(body['resources'], ours, property('collection')),
    }));
    return merged ?? relayed(answer);
  }

  async extensions(alias: string | null, request: ApiRequest): Promise<ApiAnswer> {
    mustRead(request);
    if (alias !== null) {
      const extension = extensionNamed(alias);
      return extension ? { status: 200, body: { extension } } : { status: 404, body: noExtension(alias) };
    }
    if (!this.neutron) return { status: 200, body: { extensions } };
    const answer = await askNeutron(this.neutron, request);
    const merged = changed(answer, (body) => ({
      ...body,
      extensions: mergeEntries(body['extensions'], extensions, property('alias')),
    }));
    return merged ?? relayed(answer);
  }
}

function mustRead({ method }: ApiRequest): void {
  if (method !== 'GET') throw methodNotAllowed(method);
}
