import type { PassThrough } from '@taas/gateway';
import type { Caller } from '../auth/authenticator.js';
import { badRequest, methodNotAllowed, NeutronError, pathNotFound } from '../errors/neutron-error.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import { type JsonObject, parseJsonBody } from '../http/request-body.js';
import type { Target } from '../http/request-target.js';
import { askNeutron, askNeutronAgain, changed, relayed } from './neutron-answer.js';
import { type QuotaController, quotaNotFound } from './quota-controller.js';

type QuotaTarget = Extract<Target, { is: 'quotas' }>;

/** Neutron's quota API: for our three resources alone, or together with those of the Neutron behind. */
export class QuotaRoutes {
  constructor(
    private readonly quotas: QuotaController,
    private readonly neutron: PassThrough | null,
  ) {}

  /** @throws NeutronError, GatewayError */
  async answer(request: ApiRequest, target: QuotaTarget, caller: Caller, bodyDepth: number): Promise<ApiAnswer> {
    const { project, part } = target;
    if (project === null) return this.#list(request, caller);
    // Neutron's own way to ask for the project that the token is for.
    if ((project === 'tenant' || project === 'project') && request.method === 'GET') {
      return { status: 200, body: { tenant: { tenant_id: caller.projectId } } };
    }
    switch (request.method) {
      case 'GET':
        return this.#merged(request, await this.#ours(project, part, caller));
      case 'PUT':
        if (part !== null) throw pathNotFound();
        return this.#update(request, project, caller, bodyDepth);
      case 'DELETE':
        if (part !== null) throw pathNotFound();
        if (request.body.length > 0) throw badRequest('Request body is not supported in DELETE.');
        return this.#remove(request, project, caller);
      default:
        throw methodNotAllowed(request.method);
    }
  }

  #ours(project: string, part: QuotaTarget['part'], caller: Caller): Promise<object> {
    if (part === 'default') return this.quotas.defaults(project, caller);
    return part === 'details' ? this.quotas.details(project, caller) : this.quotas.show(project, caller);
  }

  async #list(request: ApiRequest, caller: Caller): Promise<ApiAnswer> {
    if (request.method !== 'GET') throw methodNotAllowed(request.method);
    const ours = await this.quotas.list(caller);
    if (!this.neutron) return { status: 200, body: { quotas: ours } };
    const answer = await askNeutron(this.neutron, request);
    const merged = changed(answer, (body) => {
      const byProject = new Map<unknown, object>(ours.map((quota) => [quota.project_id, quota]));
      for (const quota of Array.isArray(body['quotas']) ? (body['quotas'] as JsonObject[]) : []) {
        const id = quota['project_id'] ?? quota['tenant_id'];
        byProject.set(id, { ...quota, ...byProject.get(id) });
      }
      return { ...body, quotas: [...byProject.values()] };
    });
    return merged ?? relayed(answer);
  }

  async #update(request: ApiRequest, project: string, caller: Caller, bodyDepth: number): Promise<ApiAnswer> {
    if (request.body.length === 0) throw badRequest('Resource body required');
    const json = parseJsonBody(request.body, bodyDepth);
    const { ours, theirs } = this.quotas.readUpdate(project, json, caller, this.neutron !== null);
    if (this.neutron && theirs) {
      // What may be wrong with Neutron's part is said before anything of ours is set.
      const answer = await askNeutron(this.neutron, request, { quota: theirs });
      if (answer.status !== 200) return relayed(answer);
    }
    const limits = await this.quotas.set(project, ours);
    return this.#merged(request, limits);
  }

  async #remove(request: ApiRequest, project: string, caller: Caller): Promise<ApiAnswer> {
    const had = await this.quotas.reset(project, caller);
    if (!this.neutron) {
      if (!had) throw quotaNotFound(project);
      return { status: 204 };
    }
    const answer = await askNeutron(this.neutron, request);
    // That Neutron has none set is no failure if we had.
    return had && answer.status === 404 ? { status: 204 } : relayed(answer);
  }

  async #merged(request: ApiRequest, ours: object): Promise<ApiAnswer> {
    if (!this.neutron) return { status: 200, body: { quota: ours } };
    const answer = await askNeutronAgain(this.neutron, request);
    const merged = changed(answer, (body) => ({ ...body, quota: { ...(body['quota'] as object), ...ours } }));
    if (!merged && answer.status === 200)
      throw new NeutronError(502, 'HTTPBadGateway', "Neutron's answer is no quota.");
    return merged ?? relayed(answer);
  }
}
