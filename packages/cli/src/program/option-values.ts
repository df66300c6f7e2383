import { InvalidArgumentError } from 'commander';

export function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It is a number of seconds above 0.');
  return value;
}

export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number above 0.');
  return value;
}

export const append = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export const oneOf =
  (names: readonly string[]) =>
  (text: string): string => {
    if (!names.includes(text)) throw new InvalidArgumentError(`It is one of ${names.join(', ')}.`);
    return text;
  };
