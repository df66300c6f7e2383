import type { Clock } from '@taas/service';
import { type EtcdProcess, launchEtcdCluster } from '@taas/store/testing';

/** Small, so that it can be filled in a second. */
const quotaBytes = 8 * 1024 * 1024;
const fillKey = '/taas-faults/filler';
const fillBytes = 512 * 1024;

interface Alarm {
  readonly memberID?: string;
  readonly alarm?: string;
}

/**
 * Three etcds on this machine, with what an operator can do to them. That goes by etcd's own JSON gateway, so that what
 * is tested is not also what makes the trouble.
 */
export class EtcdCluster {
  private constructor(
    readonly members: readonly EtcdProcess[],
    private readonly clock: Clock,
  ) {}

  static async start(clock: Clock, command: string | undefined): Promise<EtcdCluster> {
    const options = { clock, members: 3, quotaBackendBytes: quotaBytes };
    return new EtcdCluster(
      await launchEtcdCluster({ ...options, ...(command === undefined ? {} : { command }) }),
      clock,
    );
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  /** Index of the member that leads, or of any if none says that it does. */
  async leader(): Promise<number> {
    for (const [n, { endpoint }] of this.members.entries()) {
      const status = await this.#ask<{ header: { member_id: string }; leader?: string }>(
        endpoint,
        'maintenance/status',
        {},
      ).catch(() => undefined);
      if (status?.leader !== undefined && status.leader === status.header.member_id) return n;
    }
    return 0;
  }

  /** The lease under which a key stands, or undefined. */
  async leaseOf(key: string): Promise<string | undefined> {
    const { kvs = [] } = await this.#any<{ kvs?: readonly { lease?: string }[] }>('kv/range', { key: base64(key) });
    return kvs[0]?.lease;
  }

  /** Ends a lease, unless it has ended already. */
  async revoke(lease: string): Promise<void> {
    await this.#any('lease/revoke', { ID: lease }).catch((error: unknown) => {
      if (!String(error).includes('lease not found')) throw error;
    });
  }

  /** Forgets all history up to now. */
  async compact(): Promise<void> {
    const { header } = await this.#any<{ header: { revision: string } }>('kv/range', { key: base64(fillKey) });
    await this.#any('kv/compaction', { revision: header.revision, physical: true }).catch((error: unknown) => {
      // Nothing has been written since the last time.
      if (!String(error).includes('has been compacted')) throw error;
    });
  }

  /** Writes until etcd says that it is full. */
  async fill(): Promise<void> {
    const value = Buffer.alloc(fillBytes, 'x').toString('base64');
    for (let n = 0; n < (2 * quotaBytes) / fillBytes; n++) {
      try {
        await this.#any('kv/put', { key: base64(fillKey), value });
      } catch (error) {
        if (String(error).includes('database space exceeded')) return;
        throw error;
      }
    }
    throw new Error(`etcd took ${2 * quotaBytes} bytes with a quota of ${quotaBytes}`);
  }

  /** What an operator does about a full etcd: compact, defragment every member, clear the alarm. */
  async relieve(): Promise<void> {
    await this.#any('kv/deleterange', { key: base64(fillKey) });
    await this.compact();
    for (const { endpoint } of this.members) await this.#ask(endpoint, 'maintenance/defragment', {});
    for (const { memberID, alarm } of await this.#alarms())
      await this.#any('maintenance/alarm', { action: 'DEACTIVATE', memberID, alarm });
  }

  /**
   * What an operator does about files that have grown: etcd uses freed pages again and gives none back, and many runs in one cloud
   * come near the quota. Nothing is done below half of it.
   */
  async maintain(): Promise<void> {
    const sizes = this.members.map(async ({ endpoint }) =>
      Number((await this.#ask<{ dbSize?: string }>(endpoint, 'maintenance/status', {})).dbSize),
    );
    if ((await Promise.all(sizes)).every((size) => size < quotaBytes / 2)) return;
    await this.compact();
    for (const { endpoint } of this.members) await this.#ask(endpoint, 'maintenance/defragment', {});
  }

  /** Why the cluster is not well, or null: a member that does not answer, or an alarm. */
  async trouble(): Promise<string | null> {
    for (const [n, { endpoint }] of this.members.entries()) {
      const status = await this.#ask<{ leader?: string; dbSize?: string }>(endpoint, 'maintenance/status', {}).catch(
        () => undefined,
      );
      if (status?.leader === undefined || status.leader === '0') return `etcd member ${n} knows no leader`;
      if (Number(status.dbSize) > quotaBytes * 0.75) return `etcd member ${n} is nearly full`;
    }
    const alarms = await this.#alarms().catch(() => undefined);
    if (alarms === undefined) return 'etcd does not tell its alarms';
    return alarms.length > 0 ? `etcd has an alarm: ${alarms.map(({ alarm }) => alarm).join()}` : null;
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }

  async #alarms(): Promise<readonly Alarm[]> {
    return (await this.#any<{ alarms?: readonly Alarm[] }>('maintenance/alarm', { action: 'GET' })).alarms ?? [];
  }

  /** Asks one member after the other until one answers. */
  async #any<T>(path: string, body: object): Promise<T> {
    const deadline = this.clock.monotonic() + 10_000;
    for (let n = 0; ; n++) {
      const member = this.members[n % this.members.length];
      if (member === undefined) throw new RangeError('a cluster has members');
      try {
        return await this.#ask<T>(member.endpoint, path, body);
      } catch (error) {
        if (error instanceof EtcdRefusal || this.clock.monotonic() > deadline) throw error;
      }
      await this.clock.sleep(50);
    }
  }

  async #ask<T>(endpoint: string, path: string, body: object): Promise<T> {
    const answer = await fetch(`${endpoint}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(2_000),
    });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as T;
    // A member without a leader, or going down, may do better later or elsewhere; the rest is what it means to say.
    const passing = /no leader|timed out|unavailable|leader changed|connection|closing|stopped/i.test(text);
    throw passing ? new Error(text) : new EtcdRefusal(`${path}: ${text}`);
  }
}

class EtcdRefusal extends Error {
  override readonly name = 'EtcdRefusal';
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
