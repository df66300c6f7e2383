import { Field } from '../parts/fields.js';
import { type EndChoice, spans } from './end-choice.js';

/** Picks an end. @param renews it is of a tap that is there: what the operator has configured is for new ones */
export function EndFields(props: {
  readonly choice: EndChoice;
  readonly change: (choice: EndChoice) => void;
  readonly renews?: boolean;
}) {
  const { choice, change, renews = false } = props;
  return (
    <>
      <Field label={renews ? 'New end' : 'Ends'} hint="When its time is over, the server deletes it.">
        <select
          value={choice.is}
          onChange={({ currentTarget }) => change({ ...choice, is: currentTarget.value as EndChoice['is'] })}
        >
          {renews ? null : <option value="usual">as the operator has it</option>}
          {Object.entries(spans).map(([is, { label }]) => (
            <option key={is} value={is}>
              in {label}
            </option>
          ))}
          <option value="at">at a time</option>
          <option value="never">never</option>
        </select>
      </Field>
      {choice.is === 'at' ? (
        <Field label="Time of the end">
          <input
            type="datetime-local"
            required
            value={choice.at}
            onInput={({ currentTarget }) => change({ ...choice, at: currentTarget.value })}
          />
        </Field>
      ) : null}
    </>
  );
}
