export { type Agent, type AgentDependencies, agentVersion, createAgent } from './agent.js';
export { type AgentConfig, agentConfigSchema, checkAgentConfig } from './config.js';
export type { Counters } from './counters.js';
export { agentProgram } from './program.js';
export { parseCounts } from './vpp/policer-counts.js';
export { type InterfaceCounters, readCounters } from './vpp/show-interface.js';
export type { Vpp } from './vpp/vpp-messages.js';
export { whatVppNeeds } from './vpp/what-vpp-needs.js';
export { createVppLock, type LockHolder, type VppLock } from './vpp-lock.js';
