import type { Scenario } from '../scenario.js';
import { bridgingScenarios } from './bridging.js';
import { interfaceScenarios } from './interfaces.js';
import { policerScenarios } from './policers.js';
import { refusalScenarios } from './refusals.js';
import { spanScenarios } from './span.js';
import { tagScenarios } from './tags.js';
import { tapScenarios } from './taps.js';
import { tunnelScenarios } from './tunnels.js';

/** Every named scenario, by what it is about. */
export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  SPAN: spanScenarios,
  'a tap': tapScenarios,
  bridging: bridgingScenarios,
  'tags and sub-interfaces': tagScenarios,
  tunnels: tunnelScenarios,
  interfaces: interfaceScenarios,
  policers: policerScenarios,
  refusals: refusalScenarios,
};
