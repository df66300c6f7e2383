import { Field } from '../parts/fields.js';

/** Why something is to be there. @param wanted the operator has refused it without */
export function ReasonField(props: {
  readonly text: string;
  readonly hint: string;
  readonly wanted: boolean;
  readonly change: (text: string) => void;
}) {
  const { text, hint, wanted, change } = props;
  return (
    <Field label="Why" hint={wanted ? 'The operator wants to know.' : hint}>
      <input value={text} required={wanted} onInput={({ currentTarget }) => change(currentTarget.value)} />
    </Field>
  );
}
