import type { ComponentChildren } from 'preact';

/** A labelled field. */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is what stands in it
    <label class="field">
      <span class="label">{label}</span>
      {children}
      {hint === undefined ? null : <span class="hint">{hint}</span>}
    </label>
  );
}

export function TextField({
  label,
  hint,
  value,
  change,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly change: (value: string) => void;
}) {
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      <input value={value} onInput={({ currentTarget }) => change(currentTarget.value)} />
    </Field>
  );
}

/** Which traffic of a port. */
export function DirectionField({
  hint,
  value,
  change,
}: {
  readonly hint?: string;
  readonly value: string;
  readonly change: (value: string) => void;
}) {
  return (
    <Field label="Direction" {...(hint === undefined ? {} : { hint })}>
      <select value={value} onChange={({ currentTarget }) => change(currentTarget.value)}>
        <option>BOTH</option>
        <option>IN</option>
        <option>OUT</option>
      </select>
    </Field>
  );
}
