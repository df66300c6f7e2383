import type { Handlers } from '../handler.js';
import { aclHandlers } from './acls.js';
import { bridgeHandlers } from './bridges.js';
import { classifierHandlers } from './classifiers.js';
import { interfaceHandlers } from './interfaces.js';
import { ipHandlers } from './ip.js';
import { l2Handlers } from './l2.js';
import { policerHandlers } from './policers.js';
import { spanHandlers } from './span.js';
import { subInterfaceHandlers } from './sub-interfaces.js';
import { systemHandlers } from './system.js';
import { tunnelHandlers } from './tunnels.js';
import { vhostHandlers } from './vhost.js';

/** Every message that the simulator answers, by name. */
export const handlers: Handlers = {
  ...systemHandlers,
  ...interfaceHandlers,
  ...subInterfaceHandlers,
  ...bridgeHandlers,
  ...l2Handlers,
  ...spanHandlers,
  ...tunnelHandlers,
  ...aclHandlers,
  ...classifierHandlers,
  ...policerHandlers,
  ...ipHandlers,
  ...vhostHandlers,
};
