import { aclObject } from './acl.js';
import { bridgeDomainObject } from './bridge-domain.js';
import { classifierObject } from './classifier.js';
import { greObject } from './gre.js';
import { interfaceObject } from './interface.js';
import { layer2FeaturesObject } from './layer2-features.js';
import { loopbackObject } from './loopback.js';
import type { VppObject } from './object.js';
import { policerObject } from './policer.js';
import { routeObject } from './route.js';
import { spanObject } from './span.js';
import { subInterfaceObject } from './sub-interface.js';
import { vxlanObject } from './vxlan.js';

/**
 * All of VPP's objects that we know, in the order in which they are taken off an interface that is to go: mirrors first, so
 * that a removal which stops half-way copies nothing. An interface is of the first kind here whose `deletion` knows it.
 */
export const objects = {
  span: spanObject,
  acl: aclObject,
  classifier: classifierObject,
  policer: policerObject,
  'bridge-domain': bridgeDomainObject,
  interface: interfaceObject,
  'layer2-features': layer2FeaturesObject,
  route: routeObject,
  gre: greObject,
  vxlan: vxlanObject,
  'sub-interface': subInterfaceObject,
  loopback: loopbackObject,
} as const;

export type ObjectName = keyof typeof objects;

type StepsIn<O> = O extends VppObject<infer S, infer _T, infer _U> ? S : never;
type TablesIn<O> = O extends { readonly tables: (...given: never[]) => infer T } ? T : never;
type Both<T> = (T extends unknown ? (each: T) => void : never) extends (both: infer B) => void ? B : never;

/** The steps of one object. */
export type StepsOfObject<N extends ObjectName> = StepsIn<(typeof objects)[N]>;
/** The tables of one object. */
export type TablesOfObject<N extends ObjectName> = TablesIn<(typeof objects)[N]>;

export type Step = StepsOfObject<ObjectName>;
export type AllTables = Both<TablesOfObject<ObjectName>>;
