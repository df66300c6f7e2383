import { options } from '@taas/service';
import Type, { type Static } from 'typebox';
import type { SegmentOption, SegmentPolicy } from './segment-options.js';

/** How copies may travel between nodes. */
export const segmentRangeOptions = Type.Array(
  options({
    type: Type.Enum(['vlan', 'vxlan'], { description: 'How copies travel between nodes.' }),
    physnet: Type.Optional(
      Type.String({ minLength: 1, pattern: '^[^/]+$', description: 'Physical network of the VLANs; vlan only.' }),
    ),
    first: Type.Integer({
      minimum: 1,
      maximum: 0xffffff,
      description: 'First VLAN id (1..4094) or VNI (1..16777215).',
    }),
    last: Type.Integer({ minimum: 1, maximum: 0xffffff, description: 'Last VLAN id or VNI, included.' }),
    exclusive: Type.Optional(
      Type.Boolean({
        description:
          "vlan only: the operator states that nobody else is on the physnet's trunk, on any node, so that Neutron need not " +
          'be asked. Without it copies travel by VLAN only while Neutron says that it is safe.',
      }),
    ),
  }),
  {
    default: [],
    description:
      'Links for copies between nodes, the preferred first; each range must be for TaaS alone. The next one is taken ' +
      'where one is not to be had, or not safe. Without any, only taps within a node work.',
  },
);

/** How much of it one project may hold. */
export const projectShareOption = Type.Number({
  default: 0.2,
  minimum: 0,
  maximum: 1,
  description:
    'The part of each segment range that one project may hold of what the others have left, so that whoever comes finds ' +
    "something; the first that is free in any case. The same of VPP's 1024 ERSPAN sessions from a node to an address. 1 is no limit.",
});

export type SegmentRanges = Static<typeof segmentRangeOptions>;

/** What a schema cannot say of them. */
export function segmentRangeProblems(segments: SegmentRanges): string[] {
  const seen = new Set<string>();
  return segments.flatMap((segment, index) => {
    const at = `option "segments.${index}"`;
    const found: string[] = [];
    if (segment.first > segment.last) found.push(`${at}: first (${segment.first}) is above last (${segment.last})`);
    if (segment.type === 'vlan' && segment.last > 4094) found.push(`${at}: VLAN ids end at 4094`);
    if (segment.type === 'vlan' && segment.physnet === undefined) found.push(`${at}: a vlan range needs a physnet`);
    if (segment.type === 'vxlan' && segment.exclusive !== undefined)
      found.push(`${at}: exclusive is for vlan ranges alone`);
    if (segment.type === 'vxlan' && segment.physnet !== undefined) found.push(`${at}: a vxlan range has no physnet`);
    const name = `${segment.type} ${segment.physnet ?? ''}`.trim();
    if (seen.has(name)) found.push(`${at}: there is another range for ${name}; one is allowed`);
    seen.add(name);
    return found;
  });
}

/** The compiler's view of the configuration. */
export function segmentPolicy(config: {
  readonly segments: SegmentRanges;
  readonly project_share: number;
}): SegmentPolicy {
  const optionsInOrder = config.segments.map(({ type, physnet, first, last, exclusive = false }): SegmentOption => {
    return type === 'vlan' ? { type, physnet: physnet ?? '', first, last, exclusive } : { type, first, last };
  });
  return { options: optionsInOrder, projectShare: config.project_share };
}
