import type { NeutronClient } from '@taas/neutron';
import { type Clock, errorChain, silentLogger } from '@taas/service';
import { createEmbeddedStore, type Store } from '@taas/store';
import { remoteAddressPolicy } from './addresses/remote-address-policy.js';
import { remoteAddressOptions } from './addresses/tap-mirror-options.js';
import { createAudit } from './audit/audit.js';
import { segmentPolicy } from './compiler/segment-range-options.js';
import type { ServerConfig } from './config.js';
import { Contained } from './errors/contained.js';
import { words } from './errors/neutron-error.js';
import { admitTap, copyForTrial, mover, type Outcome } from './migrate/admit-taps.js';
import type { MigrationPlan, WantedTap } from './migrate/plan-migration.js';
import type { MigrationReport } from './migrate/report.js';
import { Slices } from './slices/slices.js';
import { Placements } from './status/placements.js';
import { StatusReader } from './status/tap-status.js';
import { Admission } from './taps/admission/admission.js';
import { boundPorts, type PortDirectory } from './taps/admission/port-directory.js';
import { statusOf } from './taps/tap-kinds.js';
import { LiveView } from './view/live-view.js';

export interface MigrationDeps {
  readonly config: ServerConfig;
  readonly store: Store;
  /** Null in development mode: then a port is what networking-vpp has bound. */
  readonly neutron: NeutronClient | null;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Is given what goes on until `signal` aborts. */
  readonly follow: (following: Promise<void>) => void;
}

/** How long etcd may take to be seen, in ms. */
const inSightMs = 30_000;
const because = "moved from networking-vpp's own TaaS by taas-migrate";

/** Makes the taps of a plan, as a server would if each were asked for. */
export class Migration {
  constructor(private readonly deps: MigrationDeps) {}

  /**
   * @param apply false: tries it on a copy of what etcd has
   * @throws Error if etcd cannot be seen; the signal's reason
   */
  async run(plan: MigrationPlan, apply: boolean, report: MigrationReport): Promise<void> {
    const { store, clock, config, signal } = this.deps;
    const live = await this.#see(store);
    const trial = apply ? null : createEmbeddedStore({ clock });
    if (trial) await copyForTrial(store, trial, signal);
    const admit = trial ? this.#admission(trial, await this.#see(trial)) : this.#audited(live);
    const placements = new Placements(live.view, segmentPolicy(config));
    live.subscribe((dirty) => placements.forget(dirty));
    const rules = { addresses: this.#addresses, projectShare: config.project_share };
    const statuses = new StatusReader(live.view, placements, rules, new Contained(silentLogger));
    for (const refused of plan.refused) report.refused(refused);
    const failed = new Set<unknown>();
    for (const wanted of plan.wanted) {
      signal.throwIfAborted();
      if (failed.has(wanted.attributes['tap_service_id'])) {
        // It would be refused for want of a tap service that the next run makes.
        report.failed(wanted, 'its tap service failed');
        continue;
      }
      try {
        const outcome = await admit(wanted);
        if (outcome.is === 'made') report.made(wanted);
        else if (outcome.is === 'there') report.there(wanted, statusOf(wanted.kind, outcome.record, statuses));
        else report.refused({ ...wanted, kind: words[wanted.kind].resource, reason: outcome.reason });
      } catch (error) {
        signal.throwIfAborted();
        failed.add(wanted.id);
        report.failed(wanted, errorChain(error));
      }
    }
  }

  get #addresses() {
    return remoteAddressPolicy(remoteAddressOptions(this.deps.config.tap_mirrors));
  }

  /** What a store has, kept up to date. */
  async #see(store: Store): Promise<LiveView> {
    const { config, clock, signal, follow } = this.deps;
    const owners = config.auth.mode === 'development' ? 'perhaps' : 'always';
    const live = new LiveView(store, clock, silentLogger, 'records', owners);
    follow(live.run(signal));
    await live.reached(1, inSightMs, signal);
    return live;
  }

  #admission(store: Store, live: LiveView): (tap: WantedTap) => Promise<Outcome> {
    const { config, neutron, clock } = this.deps;
    const catchUpMs = config.limits.catch_up_ms;
    const admission = new Admission({
      store,
      live,
      catchUpMs,
      lookUpMs: config.limits.request_ms,
      quotas: config.quotas,
      ports: neutron ? asServiceUser(neutron) : boundPorts(live.view),
      // The leading server writes where ports are bound.
      place: () => undefined,
      remoteAddresses: this.#addresses,
    });
    return (tap) => admitTap({ live, admission, caller: mover, clock, catchUpMs }, tap);
  }

  /** The audit trail says of each who made it. */
  #audited(live: LiveView): (tap: WantedTap) => Promise<Outcome> {
    const { config, store, clock, newId } = this.deps;
    const audit = createAudit(config.audit, {
      ...{ store, live, clock, newId, random: () => 0, logger: silentLogger, slices: new Slices({ clock }) },
    });
    const admit = this.#admission(audit.store, live);
    return (tap) => audit.behalves.run({ actor: null, because }, () => admit(tap));
  }
}

/** Whose ports are, as Neutron tells our service user: there is no token of whoever made the taps. */
function asServiceUser(neutron: NeutronClient): PortDirectory {
  return {
    lookup: async (portId, _caller, signal) => {
      const { found, failure } = await neutron.portsAsService([portId], signal);
      if (failure) throw failure;
      const port = found.get(portId);
      return port ? { is: 'known', projectId: port.projectId, visible: true } : { is: 'absent' };
    },
  };
}
