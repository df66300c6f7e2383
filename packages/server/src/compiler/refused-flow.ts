import { type Because, because, type TapFlowRecord, type TapServiceRecord } from '@taas/model';
import { foreignPort } from './port-owner.js';
import type { ServiceSlice } from './service-slice.js';

/**
 * Why a flow may never be placed, whatever else comes. The API refuses these; a record written by other hands must not break the isolation
 * either.
 */
export function refusedFlow(slice: ServiceSlice, service: TapServiceRecord, flow: TapFlowRecord): Because | null {
  if (flow.project_id !== service.project_id)
    return because('port_of_other_project', 'tap flow and tap service belong to different projects');
  if (flow.source_port === service.port_id)
    return because('port_role_conflict', `port ${flow.source_port} is the tap service's own port`);
  return slice.owner(flow.source_port, flow) === 'foreign' ? foreignPort(flow.source_port) : null;
}
