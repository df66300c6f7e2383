export { type Agent, type AgentDependencies, agentVersion, createAgent } from './agent.js';
export { agentMetrics } from './agent-metrics.js';
export { type AgentConfig, agentConfigSchema, checkAgentConfig } from './config.js';
export type { Counters } from './counters.js';
export { createVppLock, type LockHolder, type VppLock } from './lock/vpp-lock.js';
export { agentProgram } from './program.js';
export { parseCounts } from './vpp/policer-counts.js';
export { type InterfaceCounters, readCounters } from './vpp/show-interface.js';
export type { Vpp } from './vpp/vpp-messages.js';
