/** What every case of campaign E asks, whatever the fault: errors that say which store and why, without a secret; nothing replaced. */
import { inspect } from 'node:util';
import type { RequestRecord } from '../../sandbox/worm/types.ts';

/** @throws Error with the sentence when it does not hold */
export function check(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

/** An error of the product's own: it has a reason from a closed set, and a message for people. */
export interface ToldError {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
}

/** @param names the classes that may come out here, e.g. `BlobError` */
export function checkTold(error: unknown, names: readonly string[], secrets: readonly string[]): ToldError {
  const told = error as ToldError;
  check(
    error instanceof Error && names.includes(told.name) && typeof told.reason === 'string',
    `not one of ${names.join(', ')}: ${inspect(error)}`,
  );
  checkSecrecy(`${inspect(error, { depth: 10, showHidden: true })}${JSON.stringify(error)}`, secrets);
  return told;
}

export function checkSecrecy(text: string, secrets: readonly string[]): void {
  for (const secret of [...secrets, 'sig=', 'SharedKey']) check(!text.includes(secret), 'shows a secret');
}

/**
 * Nothing was asked for that could have replaced or removed something, but in the proof of immutability, which may try with one blob.
 * @param mayTry names that a proof may be made with
 */
export function checkNothingReplaced(
  made: readonly RequestRecord[],
  mayTry: (blob: string) => boolean = () => false,
): void {
  for (const { operation, onlyIfNew, blob } of made) {
    check(operation !== 'PutBlob' || onlyIfNew || mayTry(blob), `an overwrite of ${blob} was attempted`);
    check(operation !== 'DeleteBlob' || mayTry(blob), `a delete of ${blob} was attempted`);
  }
  const written = made
    .filter(({ operation, storeStatus }) => operation === 'PutBlob' && storeStatus === 201)
    .map(({ blob }) => blob);
  check(new Set(written).size === written.length, 'something was written twice');
}
