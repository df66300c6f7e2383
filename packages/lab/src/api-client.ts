import type { Clock } from '@taas/service';

/** A tap as the API shows it, as far as the lab looks. */
export interface TapView {
  readonly id: string;
  readonly status: string;
  readonly status_reason: string;
  readonly status_code: string;
  readonly name: string;
  /** Of a tap flow or mirror. */
  readonly consent_to?: string | null;
}

export interface NewTapFlow {
  readonly name: string;
  readonly tapServiceId: string;
  readonly sourcePort: string;
  readonly direction: 'IN' | 'OUT' | 'BOTH';
  readonly vlanFilter?: string;
  readonly filterRules?: readonly object[];
  readonly accounting?: 'shared' | 'exact';
}

export interface NewTapMirror {
  readonly name: string;
  readonly portId: string;
  readonly type: 'gre' | 'erspanv1';
  readonly remoteIp: string;
  readonly directions: { readonly IN?: number; readonly OUT?: number; readonly BOTH?: number };
}

/** An answer of the API that was not the one hoped for, with Neutron's own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Collection = 'tap_services' | 'tap_flows' | 'tap_mirrors';

/** Of the statistics of a tap. */
export interface StatisticsView {
  readonly current: boolean;
  readonly unaccounted: number | null;
  readonly completeness: number | null;
  readonly stages: readonly { readonly stage: string; readonly direction: string; readonly packets: number }[];
  readonly lost: readonly { readonly cause: string; readonly packets: number }[];
  readonly unanswered: readonly object[];
}

/** The TaaS API as a user of a project sees it: in development authentication, unless credentials say otherwise. */
export class TaasClient {
  constructor(
    readonly url: string,
    projectId: string,
    private readonly clock: Clock,
    /** What says who asks. */
    private readonly credentials: Readonly<Record<string, string>> = { 'x-project-id': projectId, 'x-roles': 'member' },
  ) {}

  async createTapService(name: string, portId: string, receipts = false): Promise<TapView> {
    const tap_service = { name, port_id: portId, ...(receipts ? { receipts } : {}) };
    return this.one('POST', '/v2.0/taas/tap_services', { tap_service });
  }

  async createTapFlow(flow: NewTapFlow): Promise<TapView> {
    return this.one('POST', '/v2.0/taas/tap_flows', {
      tap_flow: {
        name: flow.name,
        tap_service_id: flow.tapServiceId,
        source_port: flow.sourcePort,
        direction: flow.direction,
        ...(flow.vlanFilter === undefined ? {} : { vlan_filter: flow.vlanFilter }),
        ...(flow.filterRules === undefined ? {} : { filter_rules: flow.filterRules }),
        ...(flow.accounting === undefined ? {} : { accounting: flow.accounting }),
      },
    });
  }

  async createTapMirror({ name, portId, type, remoteIp, directions }: NewTapMirror): Promise<TapView> {
    const mirror = { name, port_id: portId, mirror_type: type, remote_ip: remoteIp, directions };
    return this.one('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: mirror });
  }

  /** Has a tap flow counted by itself, or together with others. */
  async accountTapFlow(id: string, accounting: 'shared' | 'exact'): Promise<TapView> {
    return this.one('PUT', `/v2.0/taas/tap_flows/${id}`, { tap_flow: { accounting } });
  }

  /** Gives a tap flow other filter rules. */
  async filterTapFlow(id: string, rules: readonly object[]): Promise<TapView> {
    return this.one('PUT', `/v2.0/taas/tap_flows/${id}`, { tap_flow: { filter_rules: rules } });
  }

  async show(collection: Collection, id: string): Promise<TapView> {
    return this.one('GET', `/v2.0/taas/${collection}/${id}`);
  }

  /** What the nodes have counted of a tap. */
  async statistics(collection: Collection, id: string): Promise<StatisticsView> {
    const answer = await this.call('GET', `/v2.0/taas/${collection}/${id}/statistics`);
    return (answer as { readonly statistics: StatisticsView }).statistics;
  }

  async delete(collection: Collection, id: string): Promise<void> {
    await this.call('DELETE', `/v2.0/taas/${collection}/${id}`);
  }

  /**
   * Looks until the tap has the status.
   * @throws Error with its last status and reason after `timeoutMs`
   */
  async until(collection: Collection, id: string, status: string, timeoutMs = 10_000, everyMs = 5): Promise<TapView> {
    const deadline = this.clock.monotonic() + timeoutMs;
    for (;;) {
      const view = await this.show(collection, id);
      if (view.status === status) return view;
      if (this.clock.monotonic() > deadline)
        throw new Error(
          `${collection} ${id} is ${view.status} (${view.status_reason}), not ${status}, after ${timeoutMs} ms`,
        );
      await this.clock.sleep(everyMs);
    }
  }

  /** Looks until the tap is gone (404). */
  async untilGone(collection: Collection, id: string, timeoutMs = 10_000): Promise<void> {
    const deadline = this.clock.monotonic() + timeoutMs;
    for (;;) {
      const answer = await this.send('GET', `/v2.0/taas/${collection}/${id}`);
      if (answer.status === 404) return;
      if (this.clock.monotonic() > deadline)
        throw new Error(`${collection} ${id} is still there after ${timeoutMs} ms: ${await answer.text()}`);
      await this.clock.sleep(5);
    }
  }

  private async one(method: string, path: string, body?: unknown): Promise<TapView> {
    const answer = (await this.call(method, path, body)) as Record<string, TapView>;
    const view = Object.values(answer)[0];
    if (view === undefined) throw new ApiError(200, `${method} ${path}: an empty answer`);
    return view;
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.send(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new ApiError(answer.status, `${method} ${path}: ${answer.status} ${errorMessage(text)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  private send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: { ...this.credentials, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function errorMessage(text: string): string {
  try {
    const body = JSON.parse(text) as { NeutronError?: { message?: string } };
    return body.NeutronError?.message ?? text;
  } catch {
    return text;
  }
}
