/**
 * Makes each question to Docker end. docker-modem calls back at the end of an answer. It never does after one that breaks off in the
 * middle, nor when a channel is never opened, and a `message` that is no text ends its callback with an exception. So it only opens
 * the answers here. What they are is read and judged in this file (docs/decisions/0055-answers-of-docker.md).
 */
import type { IncomingMessage } from 'node:http';
import { ByteCollector } from '../../base/byte-collector.ts';
import { abortable } from '../ssh/abortable.ts';
import { shaped } from './answers.ts';

/** Arrays and objects in an answer: each takes more memory than its text. Two thousand containers have a quarter of that. */
const mostBrackets = 200_000;
/** Of an answer that says why it is none. */
const longestRefusal = 64 * 1024;
const longestMessage = 2000;

/** What dockerode asks docker-modem for. */
export interface DockerQuestion {
  readonly path: string;
  readonly method: string;
  readonly isStream?: boolean;
  readonly statusCodes: Readonly<Record<number, string | boolean>>;
  /** Of some questions, dockerode puts the signal only here. */
  readonly options?: object & { readonly abortSignal?: AbortSignal };
  /** Limits the time. For a stream, until it begins. */
  readonly abortSignal?: AbortSignal;
}

/** `data` of a stream: its answer. Otherwise the value of its JSON, or a Buffer when it is none. */
export type Answered = (error: unknown, data?: unknown) => void;

export interface DockerModem {
  dial(question: DockerQuestion, answered: Answered): void;
}

/** An answer that Docker gives instead of what was asked for. `client.ts` asks for the code. */
class DockerRefusal extends Error {
  override readonly name = 'DockerRefusal';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/**
 * Changes the modem. A question without a limit in time is refused.
 * @param judged what a failed question is told as
 */
export function readAnswersWhole(
  modem: DockerModem,
  judged: (error: unknown, question: DockerQuestion) => Promise<unknown> = async (error) => error,
): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (question, answered) => {
    ask(dial, question).then(
      (data) => answered(null, data),
      (error: unknown) => judged(error, question).then(answered, answered),
    );
  };
}

export function limitOf({ abortSignal, options }: DockerQuestion): AbortSignal | undefined {
  return abortSignal ?? options?.abortSignal;
}

async function ask(dial: DockerModem['dial'], question: DockerQuestion): Promise<unknown> {
  const { statusCodes, isStream = false } = question;
  const signal = limitOf(question);
  if (signal === undefined) throw new TypeError(`the question for ${question.path} has no limit in time`);
  signal.throwIfAborted();
  const opening = open(dial, { ...question, abortSignal: signal });
  const answer = await abortable(opening, signal).catch((error: unknown) => {
    // Nobody reads what comes later.
    opening.then(
      (late) => late.destroy(),
      () => undefined,
    );
    throw error;
  });
  const { statusCode = 0 } = answer;
  const expected = statusCodes[statusCode];
  if (expected === true && isStream) return answer;
  try {
    if (expected === true) {
      const value = valueOf(await abortable(whole(answer), signal));
      return question.method === 'GET' ? shaped(question.path, value) : value;
    }
    const said = messageIn(await abortable(beginning(answer), signal));
    throw new DockerRefusal(statusCode, `(HTTP code ${statusCode}) ${expected ?? 'unexpected'} - ${said}`);
  } finally {
    // Of an answer that was read to its end, the socket stays.
    answer.destroy();
  }
}

/** All status codes count as expected, so that docker-modem gives back each answer as it is. */
const any: DockerQuestion['statusCodes'] = new Proxy({}, { get: () => true });

function open(dial: DockerModem['dial'], question: DockerQuestion): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    dial({ ...question, isStream: true, statusCodes: any }, (error, data) =>
      error ? reject(error) : resolve(data as IncomingMessage),
    );
  });
}

/** @throws when it breaks off */
async function whole(answer: AsyncIterable<Buffer>): Promise<Buffer> {
  const content = new ByteCollector();
  let brackets = 0;
  for await (const piece of answer) {
    content.add(piece);
    for (const byte of piece) if (byte === 0x5b || byte === 0x7b) brackets += 1;
    if (brackets > mostBrackets) throw new SyntaxError(`more than ${mostBrackets} lists and objects`);
  }
  return content.bytes();
}

async function beginning(answer: AsyncIterable<Buffer>): Promise<Buffer> {
  const content = new ByteCollector();
  for await (const piece of answer) {
    content.add(piece);
    if (content.length >= longestRefusal) break;
  }
  return content.bytes().subarray(0, longestRefusal);
}

function valueOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8')) as unknown;
  } catch {
    return content;
  }
}

function messageIn(content: Buffer): string {
  const value = valueOf(content) as { readonly message?: unknown } | null;
  const message = typeof value?.message === 'string' ? value.message : content.toString('utf8');
  return message.trim().slice(0, longestMessage);
}
