import type { FlowOptions } from '@taas/model';
import { accounting } from '../attribute-type.js';
import type { Attribute } from '../attributes.js';

/** All that the API does with one of a flow's options. */
interface FlowOption {
  readonly attribute: Attribute;
  /** As the API shows it. */
  readonly shown: (flow: FlowOptions) => unknown;
  /** What a plan says that the node is told; null: nothing. */
  readonly told: (flow: FlowOptions) => string | null;
}

const flowOptions: Readonly<Record<keyof FlowOptions, FlowOption>> = {
  accounting: {
    attribute: {
      post: true,
      put: true,
      default: 'shared',
      type: accounting,
      sortable: false,
      about:
        'exact: the copies of this flow are counted by themselves, at a cost to the node; shared: together with those of other flows ' +
        'of the tap service that VPP does not tell apart. Can be changed.',
    },
    shown: (flow) => flow.accounting ?? 'shared',
    told: (flow) => (flow.accounting === undefined ? null : 'count its copies by themselves'),
  },
};

/** The attributes by which options are given. */
export const optionAttributes: Readonly<Record<string, Attribute>> = Object.fromEntries(
  Object.entries(flowOptions).map(([name, { attribute }]) => [name, attribute]),
);

const shownOf = Object.entries(flowOptions).map(([name, { shown }]) => ({ name, shown }));

/** A flow's options as the API shows them. */
export function shownOptions(flow: FlowOptions): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const { name, shown } of shownOf) all[name] = shown(flow);
  return all;
}

/** What a node is told by a flow's options, in sentences. */
export function toldOptions(flow: FlowOptions): string[] {
  return Object.values(flowOptions).flatMap(({ told }) => told(flow) ?? []);
}
