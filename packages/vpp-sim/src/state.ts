import { macText } from '@taas/packets';
import type { Engine } from './engine/engine.js';
import { NO_INDEX } from './engine/interface.js';
import type { SpanRow } from './engine/span-table.js';

/** An interface with its L2 side. */
export interface InterfaceState {
  readonly swIfIndex: number;
  readonly name: string;
  readonly tag: string;
  readonly mac: string;
  readonly adminUp: boolean;
  readonly mode: 'l3' | 'bridge' | 'xconnect';
  readonly bridgeDomain?: number;
  readonly shg?: number;
  readonly xconnectTo?: number;
  readonly tagRewrite?: number;
  readonly inputFeatures: number;
  readonly outputFeatures: number;
  readonly inputAcls: readonly number[];
  readonly outputAcls: readonly number[];
}

/** Everything configured, in a fixed order. Counters and learnt MACs are not configuration. */
export interface SimulatorState {
  readonly interfaces: readonly InterfaceState[];
  readonly bridgeDomains: readonly {
    readonly id: number;
    readonly tag: string;
    readonly features: number;
    readonly members: readonly number[];
    /** What takes unknown unicast; it is no member. */
    readonly uuFwd?: number;
  }[];
  readonly span: readonly SpanRow[];
  readonly acls: readonly { readonly index: number; readonly tag: string; readonly rules: number }[];
  readonly vxlan: readonly { readonly swIfIndex: number; readonly vni: number }[];
  readonly policers: readonly { readonly name: string; readonly cir: number }[];
  readonly policed: readonly { readonly swIfIndex: number; readonly table: number }[];
  /** Classifier tables. */
  readonly tables: readonly number[];
}

/** Reads the configuration out of an engine. */
export function stateOf(engine: Engine): SimulatorState {
  return {
    interfaces: [...engine.interfaces.all()].map((of) => {
      const config = engine.l2.find(of.swIfIndex);
      const { input, output } = engine.acls.bindingOf(of.swIfIndex);
      return {
        swIfIndex: of.swIfIndex,
        name: of.name,
        tag: of.tag,
        mac: macText(of.mac),
        adminUp: of.adminUp,
        mode: config?.mode ?? 'l3',
        ...(config?.bd === undefined ? {} : { bridgeDomain: config.bd.id, shg: config.shg }),
        ...(config === undefined || config.xconnectTo === NO_INDEX ? {} : { xconnectTo: config.xconnectTo }),
        ...(config?.rewrite === undefined ? {} : { tagRewrite: config.rewrite.op }),
        inputFeatures: (config?.inputFeatures ?? 0) >>> 0,
        outputFeatures: (config?.outputFeatures ?? 0) >>> 0,
        inputAcls: input,
        outputAcls: output,
      };
    }),
    bridgeDomains: [...engine.bridgeDomains.all()]
      .sort((a, b) => a.id - b.id)
      .map(({ id, tag, features, members, uuFwd }) => ({
        id,
        tag,
        features: features >>> 0,
        members: [...members.keys()].sort((a, b) => a - b),
        ...(uuFwd === NO_INDEX ? {} : { uuFwd }),
      })),
    span: [...engine.span.rows(true), ...engine.span.rows(false)],
    acls: [...engine.acls.all()].map(({ index, tag, rules }) => ({ index, tag, rules: rules.length })),
    vxlan: [...engine.tunnels.all()].map((tunnel) => ({ swIfIndex: tunnel.interface.swIfIndex, vni: tunnel.vni })),
    policers: engine.policers.all().map(({ name, spec }) => ({ name, cir: spec.cir })),
    policed: engine.policing.applied().map(([swIfIndex, table]) => ({ swIfIndex, table })),
    tables: engine.classifiers.indices(),
  };
}
