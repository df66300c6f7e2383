import { useId } from 'preact/hooks';
import { Field } from '../parts/fields.js';
import { useServices } from '../services.js';
import { portLabel } from './port-choice-text.js';

/** Ports that a list offers; more are found by typing. */
const mostOffered = 500;

/** A port of the project, picked from Neutron's or typed. */
export function PortChoice(props: {
  readonly label: string;
  readonly hint?: string;
  readonly text: string;
  readonly choose: (text: string) => void;
}) {
  const { taps } = useServices();
  const list = useId();
  const ports = [...taps.ports.value.values()].filter(({ device_owner: owner }) => !owner?.startsWith('network:'));
  const { label, hint, text, choose } = props;
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        required
        list={list}
        value={text}
        placeholder="name, address or id"
        onInput={({ currentTarget }) => choose(currentTarget.value)}
      />
      <datalist id={list}>
        {ports.slice(0, mostOffered).map((port) => (
          <option key={port.id} value={portLabel(port)} />
        ))}
      </datalist>
    </Field>
  );
}
