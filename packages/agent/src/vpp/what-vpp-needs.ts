import { agentMessages, type ConnectOptions } from 'vpp-api';
import { lacking } from './alternatives.js';
import { allTwins } from './objects/registry.js';

/**
 * What the agent asks of a VPP, for `connect`: messages that every one must have, and things that it must be able to do one way or
 * another, as the handlers of objects say. One that lacks something is refused, with the names of what it lacks.
 */
export const whatVppNeeds = {
  messages: agentMessages,
  alsoNeeds: (has) =>
    lacking(
      allTwins.flatMap(({ needs }) => needs),
      has,
    ),
} as const satisfies Pick<ConnectOptions<typeof agentMessages>, 'messages' | 'alsoNeeds'>;
