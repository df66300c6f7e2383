import type { AclRule, SpanState } from './actual.js';
import type { GreSpec } from './actual-gre.js';
import type { FrameClassifier } from './frame-classifier.js';

/** An interface, ACL, classifier table or policer: one that VPP has, by index, or one that an earlier step of the same plan makes, by name. */
export type Ref = { readonly index: number } | { readonly ref: string };

/**
 * One change of VPP, as data: it can be printed, undone and tested without a VPP. Steps that change something carry what
 * was there before, so that they can be undone.
 */
export type Step =
  /** Refuses to go on unless the interface is (still) the port's: a freed index goes to the next interface at once. */
  | { readonly kind: 'check-port'; readonly port: string; readonly index: number }
  | { readonly kind: 'create-bridge-domain'; readonly id: number; readonly tag: string }
  | { readonly kind: 'delete-bridge-domain'; readonly id: number; readonly tag: string }
  | { readonly kind: 'create-loopback'; readonly as: string; readonly mac: string }
  | { readonly kind: 'delete-loopback'; readonly at: Ref }
  | {
      readonly kind: 'create-vlan';
      readonly as: string;
      readonly parent: number;
      readonly vlan: number;
      readonly match: 'exact' | 'outer';
    }
  | { readonly kind: 'delete-vlan'; readonly at: Ref }
  | {
      readonly kind: 'create-vxlan';
      readonly as: string;
      readonly local: string;
      readonly remote: string;
      readonly vni: number;
    }
  | {
      readonly kind: 'delete-vxlan';
      readonly at: Ref;
      readonly local: string;
      readonly remote: string;
      readonly vni: number;
    }
  /** With an instance number of ours, by which one that was made but not tagged yet can be recognised. */
  | { readonly kind: 'create-gre'; readonly as: string; readonly instance: number; readonly spec: GreSpec }
  | { readonly kind: 'delete-gre'; readonly at: Ref; readonly spec: GreSpec }
  | { readonly kind: 'set-tag'; readonly at: Ref; readonly tag: string; readonly before: string }
  | { readonly kind: 'set-rewrite'; readonly at: Ref; readonly pop: 0 | 1; readonly before: 0 | 1 }
  | { readonly kind: 'set-admin'; readonly at: Ref; readonly up: boolean; readonly before: boolean }
  /** The longest packet that a tunnel of ours takes, in bytes. */
  | { readonly kind: 'set-mtu'; readonly at: Ref; readonly mtu: number }
  | { readonly kind: 'join-bridge'; readonly at: Ref; readonly id: number; readonly shg: number }
  /**
   * Frames to one address leave the bridge domain by this interface, and are flooded no more. It must have been put into a
   * bridge domain before: VPP looks up what such an interface may do beside its table otherwise.
   */
  | { readonly kind: 'take-unicast'; readonly at: Ref; readonly id: number; readonly shg: number }
  | { readonly kind: 'leave-bridge'; readonly at: Ref; readonly id: number }
  /** Frames that come in by this interface go nowhere; what is sent out by it is not concerned. */
  | { readonly kind: 'mute'; readonly at: Ref }
  | { readonly kind: 'unmute'; readonly at: Ref }
  | {
      readonly kind: 'set-span';
      readonly from: number;
      readonly to: Ref;
      readonly state: SpanState;
      readonly before: SpanState;
    }
  | {
      readonly kind: 'create-acl';
      readonly as: string;
      readonly tag: string;
      readonly rules: readonly AclRule[];
    }
  | {
      readonly kind: 'replace-acl';
      readonly index: number;
      readonly tag: string;
      readonly rules: readonly AclRule[];
      readonly before: readonly AclRule[];
    }
  | { readonly kind: 'delete-acl'; readonly at: Ref; readonly tag: string; readonly rules: readonly AclRule[] }
  /** The input ACLs of an interface that is ours alone; output ACLs are none. */
  | { readonly kind: 'bind-acls'; readonly at: Ref; readonly acls: readonly Ref[]; readonly before: readonly Ref[] }
  /** The ethertypes beside IP's that pass an interface's input ACLs; none: all. */
  | {
      readonly kind: 'set-ether-types';
      readonly at: Ref;
      readonly types: readonly number[];
      readonly before: readonly number[];
    }
  | { readonly kind: 'create-classifier'; readonly as: string; readonly classifier: FrameClassifier }
  /** The chain of tables that begins with this one. */
  | { readonly kind: 'delete-classifier'; readonly at: Ref }
  | { readonly kind: 'attach-classifier'; readonly at: Ref; readonly table: Ref }
  | { readonly kind: 'detach-classifier'; readonly at: Ref; readonly table: Ref }
  | { readonly kind: 'create-policer'; readonly as: string; readonly name: string; readonly kbps: number }
  /** In place: nothing is let through unpoliced meanwhile. */
  | { readonly kind: 'update-policer'; readonly index: number; readonly name: string; readonly kbps: number }
  | { readonly kind: 'delete-policer'; readonly name: string }
  /** A classifier table that hands every frame to a policer. */
  | { readonly kind: 'create-policing'; readonly as: string; readonly policer: Ref }
  | { readonly kind: 'attach-policer'; readonly at: Ref; readonly table: Ref }
  | { readonly kind: 'detach-policer'; readonly at: Ref; readonly table: Ref };

export type StepKind = Step['kind'];
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;
/** A table with a line for every kind of step: a new kind does not compile until each table knows it. */
export type StepTable<R> = { readonly [K in StepKind]: (step: StepOf<K>) => R };

export function dispatch<R>(table: StepTable<R>, step: Step): R {
  // Safe: the table's line for a kind takes exactly the steps of that kind, which TypeScript cannot follow here.
  return (table[step.kind] as (step: Step) => R)(step);
}
