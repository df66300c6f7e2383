import { isSameAddress, type MirrorType } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import type { Takings } from './takings.js';

/** Sessions from a node to an address that a tap mirror is about to take. */
export interface SessionsTaken {
  readonly mirror: string;
  readonly project: string;
  readonly type: MirrorType;
  readonly node: string;
  readonly remote: string;
  readonly count: number;
}

/** How many sessions there are from a node to an address. */
export type SessionsHeld = ClusterView['mirrors']['sessions'];

/** As a tap mirror finds them: those that others are about to take are held. */
export function withSessionsInHand(view: ClusterView, takings: Takings<SessionsTaken>, who: string): SessionsHeld {
  return {
    held: (type, node, remote, project) => {
      let { byAll, byProject } = view.mirrors.sessions.held(type, node, remote, project);
      for (const taken of takings.ofOthers(who)) {
        if (taken.type !== type || taken.node !== node || !isSameAddress(taken.remote, remote)) continue;
        // Etcd shows them already.
        if (view.mirrors.published({ node, id: taken.mirror })) continue;
        byAll += taken.count;
        if (taken.project === project) byProject += taken.count;
      }
      return { byAll, byProject };
    },
  };
}
