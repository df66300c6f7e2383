import { onSimulator } from './on-simulator.js';

await onSimulator('two-agents');
