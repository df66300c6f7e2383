import { isRef } from './names.js';
import type { Step } from './step.js';

/** A step on one line, for transcripts and failures. */
export function stepText(step: Step): string {
  switch (step.do) {
    case 'call':
      return `${step.message} ${fieldsText(step.fields)}${step.as === undefined ? '' : ` as ${step.as}`}`;
    case 'add port':
      return `add port ${step.name} in ${step.bridgeDomain ?? 'no bridge domain'}`;
    case 'remove port':
      return `remove port ${step.name}`;
    case 'send':
      return `send from ${step.from}: ${step.frames.map((frame) => JSON.stringify(frame)).join(' ')}`;
    case 'look':
      return `look at ${step.at}${step.names === undefined ? '' : ` of ${step.names.join(', ')}`}`;
  }
}

function fieldsText(fields: object): string {
  return JSON.stringify(fields, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return typeof value === 'object' && value !== null && isRef(value) ? value.of : value;
  });
}
