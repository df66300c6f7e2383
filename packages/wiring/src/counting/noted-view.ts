import type { ActualInterface } from '../objects/interface.js';
import { vxlanKey } from '../objects/vxlan.js';
import type { VppSnapshot } from '../snapshot.js';
import { portIdInPath } from '../tags.js';
import type { CountedView } from './counting-points.js';

/** Something of VPP's state that was asked for: a row by its number, or what has a tag, by the tag. */
export type Asked = number | string;

const subjects = { row: 0, parent: 1, from: 2, to: 3, features: 4, policing: 5 } as const;

/** Numbers, since there are twenty of them a tap. */
const asked = (what: keyof typeof subjects, index: number): Asked => index * 8 + subjects[what];
/** No tag has it: VPP's are printable. */
const askedPort = (port: string): Asked => `\0${port}`;

/** Nor this: a tag begins with a letter. */
const askedTunnel = (spec: string): Asked => `\0\0${spec}`;

/** That anything is asked of an interface itself. */
export const askedRow = (index: number): Asked => asked('row', index);

/** VPP's state, and a note of all that was asked for of it: one view for many taps, with notes of their own each. */
export class NotedView implements CountedView {
  notes = new Set<Asked>();
  readonly interfaces: CountedView['interfaces'];
  readonly spans: CountedView['spans'];
  readonly features: CountedView['features'];
  readonly policings: CountedView['policings'];
  readonly vxlans: CountedView['vxlans'];

  constructor({ interfaces, spans, features, policings, vxlans }: CountedView) {
    const note = (what: keyof typeof subjects, index: number): void => void this.notes.add(asked(what, index));
    const noteIndex = (index: Parameters<typeof interfaces.by>[0], by: string | number): void => {
      if (index === 'tag') this.notes.add(String(by));
      else if (index === 'port') this.notes.add(askedPort(String(by)));
      else if (index === 'parent') note('parent', Number(by));
      else throw new Error(`nothing notes what is asked for by ${index}`);
    };
    this.interfaces = {
      get: (index) => {
        note('row', index);
        return interfaces.get(index);
      },
      has: (index) => {
        note('row', index);
        return interfaces.has(index);
      },
      by: (index, by) => {
        noteIndex(index, by);
        return interfaces.by(index, by);
      },
      keysBy: (index, by) => {
        noteIndex(index, by);
        return interfaces.keysBy(index, by);
      },
    };
    this.spans = {
      from: (index) => {
        note('from', index);
        return spans.from(index);
      },
      to: (index) => {
        note('to', index);
        return spans.to(index);
      },
      state: (from, to) => {
        note('from', from);
        return spans.state(from, to);
      },
    };
    this.features = {
      get: (index) => {
        note('features', index);
        return features.get(index);
      },
    };
    this.policings = {
      get: (index) => {
        note('policing', index);
        return policings.get(index);
      },
    };
    this.vxlans = {
      by: (index, spec) => {
        this.notes.add(askedTunnel(String(spec)));
        return vxlans.by(index, spec);
      },
    };
  }
}

/** Has `changed` told of all that is another when it is asked for now. */
export function listenTo(
  { interfaces, spans, features, policings, vxlans }: VppSnapshot,
  changed: (what: Asked) => void,
): void {
  interfaces.listen((index, old, now) => {
    changed(askedRow(index));
    for (const entry of [old, now]) if (entry) for (const what of listsOf(entry)) changed(what);
  });
  spans.listen((_, old, now) => {
    const line = now ?? old;
    if (!line) return;
    changed(asked('from', line.from));
    changed(asked('to', line.to));
  });
  features.listen((index) => changed(asked('features', index)));
  policings.listen((index) => changed(asked('policing', index)));
  vxlans.listen((_, old, now) => {
    for (const tunnel of [old, now]) if (tunnel) changed(askedTunnel(vxlanKey(tunnel)));
  });
}

/** The lists that an interface is in. */
function listsOf({ tag, supIndex, socket = '' }: ActualInterface): Asked[] {
  const port = portIdInPath.exec(socket)?.[0];
  return [
    asked('parent', supIndex),
    ...(tag === '' ? [] : [tag]),
    ...(port === undefined ? [] : [askedPort(port.toLowerCase())]),
  ];
}
