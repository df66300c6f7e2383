import { type AgentMessages, agentMessages, connect, type VppClient } from 'vpp-api';
import type { LabSwitch } from './lab-switch.js';

/** A connection of one's own to a switch, whatever its release: an old VPP says only in files how its messages look. */
export function connectToSwitch(
  { apiSocket, apiFolders }: Pick<LabSwitch, 'apiSocket' | 'apiFolders'>,
  clientName: string,
): Promise<VppClient<AgentMessages>> {
  return connect({
    socketPath: apiSocket,
    clientName,
    messages: agentMessages,
    apiFolders: { folders: apiFolders },
  });
}
