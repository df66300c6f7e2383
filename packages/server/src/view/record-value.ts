import { RecordError } from '@taas/model';
import type { KeyValue } from '@taas/store';

/** @throws RecordError when a record names another id than its key does: nobody could say which is meant. */
export function ownId<T extends { readonly id: string }>(id: string, key: string, record: T): T {
  if (record.id !== id) throw new RecordError(key, `/id is ${record.id}, which is not the key's`);
  return record;
}

/** The value of a key. @throws RecordError when its signature says that it is not to be believed */
export function believed({ key, value, refused }: KeyValue): string {
  if (refused !== undefined) throw new RecordError(key, refused);
  return value;
}

/** A text of its own: a part of another text keeps that for as long as itself. */
export const ownText = (part: string): string => Buffer.from(part).toString();
