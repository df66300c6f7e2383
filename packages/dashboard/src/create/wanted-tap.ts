import type { Kind, Port } from '../api/shapes.js';
import { type EndChoice, endOf } from '../terms/end-choice.js';
import { chosenPort } from './port-choice-text.js';

/** What has been filled in. */
export interface Draft {
  readonly kind: Kind;
  readonly name: string;
  readonly reason: string;
  readonly end: EndChoice;
  readonly port: string;
  readonly service: string;
  readonly direction: string;
  readonly mirrorType: string;
  readonly remoteIp: string;
  readonly tunnelId: string;
}

export const emptyDraft: Draft = {
  ...{ kind: 'tap_flow', name: '', reason: '', port: '', service: '', direction: 'BOTH' },
  end: { is: 'usual', at: '' },
  ...{ mirrorType: 'gre', remoteIp: '', tunnelId: '' },
};

/** The body of the POST, or what is missing in it. The server checks all of it. */
export function wantedTap(
  draft: Draft,
  ports: ReadonlyMap<string, Port>,
  now: number,
): { readonly body: object } | { readonly missing: string } {
  const { kind, name, reason } = draft;
  const port = chosenPort(draft.port, ports);
  if (port === null) return { missing: 'Choose a port: by its name if no other has it, or from the list.' };
  const end = endOf(draft.end, now);
  if ('missing' in end) return end;
  const common = { name, reason, ...end };
  if (kind === 'tap_service') return { body: { [kind]: { ...common, port_id: port } } };
  if (kind === 'tap_flow') {
    if (draft.service === '') return { missing: 'Choose the tap service that the copies go to.' };
    return {
      body: { [kind]: { ...common, source_port: port, tap_service_id: draft.service, direction: draft.direction } },
    };
  }
  if (!/^\d+$/.test(draft.tunnelId)) return { missing: 'The tunnel id is a number.' };
  const directions = { [draft.direction]: Number(draft.tunnelId) };
  return {
    body: {
      [kind]: { ...common, port_id: port, mirror_type: draft.mirrorType, remote_ip: draft.remoteIp, directions },
    },
  };
}
