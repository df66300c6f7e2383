import { isIP } from 'node:net';
import { tunnelAddressProblem } from '@taas/model';
import { group } from '@taas/service';
import Type, { type Static } from 'typebox';

/** Where copies of captures arrive, and how much they may take of this server. */
export const captureOptions = group(
  {
    address: Type.String({
      default: '',
      description:
        'Address of this server that the nodes send copies of captures to, by their tunnels (VXLAN, UDP port 4789): their VPP must have a ' +
        'route to it. Empty: this server receives no captures.',
    }),
    listen_address: Type.String({
      default: '',
      description: 'Address on which they arrive here, if that is another one.',
    }),
    most: Type.Integer({ default: 16, minimum: 1, maximum: 1000, description: 'Captures at a time.' }),
    most_of_project: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 1000,
      description: 'Captures of one project at a time, on this server.',
    }),
    tcpdump: Type.String({
      default: 'tcpdump',
      description:
        'The program tcpdump, whose compiler reads filter expressions; a path, or a name on the PATH. Without it they are refused.',
    }),
    queue_bytes: Type.Integer({
      default: 16 * 1024 * 1024,
      minimum: 64 * 1024,
      maximum: 1024 * 1024 * 1024,
      description:
        'What is kept of a capture that its client has not taken yet, in bytes; what comes then is lost, and counted.',
    }),
  },
  'Captures: frames of ports as a file that the client reads as they come.',
);

export type CaptureConfig = Static<typeof captureOptions>;

/** What a schema cannot say of them. @param segments the links for copies between nodes */
export function captureProblems(
  { address, listen_address: listen }: CaptureConfig,
  segments: readonly { readonly type: string }[],
): string[] {
  if (address === '') return [];
  const problem = tunnelAddressProblem(address);
  const found = problem === null ? [] : [`option "captures.address": ${address} ${problem}`];
  // Not a name, and none of the other version of IP: what came would be of nobody who is known.
  if (listen !== '' && (isIP(listen) !== isIP(address) || listen.includes('%')))
    found.push(`option "captures.listen_address": ${listen} is no IP address of the version of captures.address`);
  if (!segments.some(({ type }) => type === 'vxlan'))
    found.push('option "captures": needs a range of type vxlan in segments');
  return found;
}
