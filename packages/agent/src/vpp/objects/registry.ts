import type { AnyStep, ObjectName, StepsOfObject } from '@taas/wiring';
import { aclTwin } from './acl.js';
import { bridgeDomainTwin } from './bridge-domain.js';
import { classifierTwin } from './classifier.js';
import { greTwin } from './gre.js';
import { interfaceTwin } from './interface.js';
import { layer2FeaturesTwin } from './layer2-features.js';
import { loopbackTwin } from './loopback.js';
import { policerTwin } from './policer.js';
import { routeTwin } from './route.js';
import { spanTwin } from './span.js';
import { subInterfaceTwin } from './sub-interface.js';
import type { Twin } from './twin.js';
import { vxlanTwin } from './vxlan.js';

/** A twin for each object of the wiring, in the order in which they are read: one without does not compile. */
export const twins: { readonly [N in ObjectName]: Twin<StepsOfObject<N>> } = {
  interface: interfaceTwin,
  'layer2-features': layer2FeaturesTwin,
  'bridge-domain': bridgeDomainTwin,
  loopback: loopbackTwin,
  'sub-interface': subInterfaceTwin,
  vxlan: vxlanTwin,
  gre: greTwin,
  route: routeTwin,
  span: spanTwin,
  acl: aclTwin,
  policer: policerTwin,
  classifier: classifierTwin,
};

/** What can be asked of every twin, whatever its steps. */
export type AnyTwin = Omit<Twin<AnyStep & never>, 'send'>;

export const allTwins: readonly AnyTwin[] = Object.values(twins);
