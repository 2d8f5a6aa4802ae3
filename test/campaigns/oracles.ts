/**
 * The questions that campaigns ask at the end of a case, whatever was done in it. README.md lists which
 * campaign asks which, and those that only one asks.
 */
import { inspect, isDeepStrictEqual } from 'node:util';
import type { RequestRecord } from '../../sandbox/worm/types.ts';
import { looksAt, project } from '../support/world/restores.ts';
import { Process, stackKey, type World } from '../support/world/world.ts';

const never = new AbortController().signal;
/** After so many rounds of three looks each, everything must be still. */
const longestUnrest = 4;
const longestMessage = 8192;

/** @throws Error with the sentence when it does not hold */
export function check(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

/** @param than what the expected value belongs to */
export function checkEqual(seen: unknown, expected: unknown, what: string, than: string): void {
  check(
    isDeepStrictEqual(seen, expected),
    `${what}: ${JSON.stringify(seen)}; ${than}: ${JSON.stringify(expected)}`,
  );
}

/**
 * A new process comes to rest within a few looks: three looks at the host in a row change nothing there or in
 * the API.
 */
export async function checkRest(world: World): Promise<void> {
  if ((await world.find()) === undefined) return;
  const process = new Process(world);
  const machine = world.machine((await world.stack()).spec.host.address);
  let restless: readonly string[] = [];
  for (let round = 0; round < longestUnrest; round += 1) {
    const [seen, written] = [looksAt(machine), process.log.length];
    await process.until('three looks at the host', () => looksAt(machine) >= seen + 3);
    // A store is tried now and then, and says when. That does not count as unrest of the stack.
    restless = process.log.slice(written).filter((entry) => !entry.endsWith('JtelBackupStore'));
    if (restless.length === 0) break;
  }
  await process.kill();
  check(restless.length === 0, `not at rest: ${restless.join(', ')}`);
}

/** The status shows none of the stack's passwords. */
export async function checkStatusSecrecy(world: World): Promise<void> {
  const stack = await world.find();
  if (stack === undefined) return;
  const { namespace, name } = stackKey;
  const credentials = await world.cluster.getSecret(namespace, `${name}-credentials`, { signal: never });
  const status = JSON.stringify(stack.status);
  const leaked = credentials.keys.find((key) => status.includes(credentials.get(key)));
  check(leaked === undefined, `the status shows ${leaked}`);
}

/** When the object of a stack is gone, the host has what its policy says. */
export function checkDeleted(world: World, policy: 'Orphan' | 'Stop' | 'Destroy'): void {
  const here = world.machine().projects.get(project);
  const running = [...(here?.containers.values() ?? [])].filter(({ state }) => state === 'running');
  if (policy === 'Stop')
    check(running.length === 0, `still running: ${running.map(({ service }) => service).join(', ')}`);
  if (policy === 'Destroy') check(here === undefined, 'something of the stack is left on the host');
}

/** An error of the product's own has a reason from a closed set, and a message for people. */
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

/** A message that comes out of the product: short, without a secret, and without what a terminal would obey. */
export function checkMessage(message: string, secrets: readonly string[]): void {
  checkSecrecy(message, secrets);
  check(message.length <= longestMessage, `a message of ${message.length} characters`);
  check(
    !/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u.test(message),
    `a terminal would obey: ${JSON.stringify(message)}`,
  );
}

export function checkSecrecy(text: string, secrets: readonly string[]): void {
  for (const secret of [...secrets, 'sig=', 'SharedKey']) check(!text.includes(secret), 'shows a secret');
}

/**
 * No request could have replaced or removed something. Only the proof of immutability may try, with one blob.
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
