/**
 * Campaign `security`: every answer from outside, and every Secret, is too big, endless, slow, malformed and
 * hostile, at every place where the operator reads it. What must hold: the reader ends, it takes little memory and never stops the
 * process for long, and its error is one of ours, without anything that a terminal would obey.
 */
import type { Campaign, CampaignCase, CampaignForm } from '../campaign.ts';
import { check, checkMessage, checkTold } from '../oracles.ts';
import { answers, type Answer } from './answers.ts';
import { measured, type Taken } from './bounds.ts';
import { hostReaders } from './host-readers.ts';
import { endHostilePeers } from './hostile-peers.ts';
import { leafCases } from './leaves.ts';
import { readers, type Reader } from './readers.ts';
import { secretReaders } from './secrets.ts';

const mostMemoryMiB = 32;
const longestStopMilliseconds = 250;
/** What is as large as allowed is read to its end; a reader may take its time for that. */
const longestSeconds = 60;
const limitSeconds = 300;
/** The short form takes one case out of so many: no divisor of the number of answers, so that it takes all kinds. */
const shortStep = 13;
/** A slow answer is not waited for: the caller gives up, and the reader has to follow at once. */
const patienceSeconds = 1;
/** The collector of garbage chooses its moments, and the first try loads code. The least of these tries counts. */
const tries = 3;
const errors = ['BlobError', 'InputError', 'HostError', 'JobError'];

export const securityCampaign: Campaign = {
  title: 'hostile answers and objects',
  cases: (form) => [...readerCases(form), ...leafCases()],
  close: async () => endHostilePeers(),
};

function readerCases(form: CampaignForm): readonly CampaignCase[] {
  const all = [...readers, ...hostReaders, ...secretReaders].flatMap((reader) =>
    answers
      .filter(({ isSlow }) => isSlow !== true || reader.isAtOnce !== true)
      .filter(({ isCrumbled }) => isCrumbled !== true || reader.isBesidePeer !== true)
      // Byte by byte takes a while.
      .filter(({ isCrumbled }) => isCrumbled !== true || form === 'long')
      .map((answer) => ({
        name: `${reader.name}: ${answer.name}`,
        limitSeconds,
        run: () => withstands(reader, answer),
      })),
  );
  return form === 'long' ? all : all.filter((_, index) => index % shortStep === 0);
}

async function withstands(reader: Reader, answer: Answer): Promise<void> {
  const least: Taken = { memoryMiB: Infinity, stopMilliseconds: Infinity };
  for (let index = 0; index < tries && !isLittle(least); index += 1) {
    const { result, memoryMiB, stopMilliseconds } = await measured(() => read(reader, answer));
    judge(result, ['sig=x', ...(reader.secretsOf?.(answer) ?? [])]);
    least.memoryMiB = Math.min(least.memoryMiB, memoryMiB);
    least.stopMilliseconds = Math.min(least.stopMilliseconds, stopMilliseconds);
  }
  const { memoryMiB, stopMilliseconds } = least;
  check(
    isLittle(least),
    `took ${memoryMiB.toFixed(1)} MiB, and stopped the process for ${stopMilliseconds.toFixed(0)} ms`,
  );
}

function isLittle({ memoryMiB, stopMilliseconds }: Taken): boolean {
  return memoryMiB <= mostMemoryMiB && stopMilliseconds <= longestStopMilliseconds;
}

/** What it failed with, unless its caller ended it. */
type Result = { readonly error: unknown } | { readonly error?: never };

/** @throws Error when the reader does not end */
async function read(reader: Reader, answer: Answer): Promise<Result> {
  const caller = new AbortController();
  const isLeft = answer.isSlow === true || reader.isStream === true;
  const seconds = isLeft ? patienceSeconds : longestSeconds;
  const giveUp = setTimeout(() => caller.abort(new Error(`given up after ${seconds} s`)), seconds * 1000);
  const late = Promise.withResolvers<never>();
  const tooLate = setTimeout(
    () => late.reject(new Error('the reader does not end')),
    (seconds + longestSeconds) * 1000,
  );
  try {
    await Promise.race([reader.read(answer, caller.signal), late.promise]);
    return {};
  } catch (error) {
    if (error instanceof Error && error.message === 'the reader does not end') throw error;
    check(isLeft || !caller.signal.aborted, `only the caller ended it, after ${seconds} s: ${String(error)}`);
    return caller.signal.aborted ? {} : { error };
  } finally {
    clearTimeout(giveUp);
    clearTimeout(tooLate);
  }
}

function judge({ error }: Result, secrets: readonly string[]): void {
  if (error === undefined) return;
  checkMessage(checkTold(error, errors, secrets).message, secrets);
}
