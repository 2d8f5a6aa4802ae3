/** Answers what the operator asks of a share. What fails is an answer, too: the operator tells it. */
import { createHash, randomUUID } from 'node:crypto';
import {
  longestShareContent,
  plainNamePattern,
  type ShareAnswer,
  type ShareQuestion,
} from '../../jobs/share.ts';
import {
  ShareError,
  uploads,
  type Expected,
  type FoundFile,
  type OpenFile,
  type ShareFiles,
} from './files.ts';

/** @throws the signal's reason, and what is a fault of this program. */
export async function answerShare(
  files: ShareFiles,
  question: ShareQuestion,
  signal: AbortSignal,
): Promise<ShareAnswer> {
  try {
    return await answer(files, question, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ShareError)) throw error;
    return { type: 'Failed', reason: error.reason, message: error.message.slice(0, 4096) };
  }
}

async function answer(files: ShareFiles, asked: ShareQuestion, signal: AbortSignal): Promise<ShareAnswer> {
  switch (asked.type) {
    case 'Create': {
      const content = Buffer.from(asked.content, 'base64');
      const expected = { bytes: content.length, md5: createHash('md5').update(content).digest('hex') };
      return await create(files, asked.name, only(content), expected, signal);
    }
    case 'Read': {
      const file = await files.open(asked.name, signal, { offset: asked.offset, bytes: asked.most });
      if (file === undefined) throw new ShareError('BlobNotFound', `${asked.name} is not there`);
      const content = await collected(file);
      return { type: 'Content', content: content.toString('base64'), bytes: file.bytes };
    }
    case 'Look': {
      const file = await look(files, asked.name, signal);
      return { type: 'Found', ...(file === undefined ? {} : { file }) };
    }
    case 'List':
      return await list(files, asked, signal);
    case 'Destroy':
      return await destroy(files, asked.name, signal);
    case 'Copy':
      return await create(files, asked.name, download(asked.url, signal), asked, signal);
  }
}

async function create(
  files: ShareFiles,
  name: string,
  body: AsyncIterable<Uint8Array>,
  expected: Expected,
  signal: AbortSignal,
): Promise<ShareAnswer> {
  const there = await look(files, name, signal);
  if (there === undefined && (await files.create(name, body, expected, signal)) === 'Created')
    return { type: 'Created', existed: false };
  const found = there ?? (await look(files, name, signal));
  if (found?.bytes === expected.bytes && found.md5 === expected.md5)
    return { type: 'Created', existed: true };
  throw new ShareError('BlobExists', `${name} is another file; nothing was overwritten`);
}

async function look(
  files: ShareFiles,
  name: string,
  signal: AbortSignal,
): Promise<{ bytes: number; createdTime: string; md5: string } | undefined> {
  const found = await files.look(name, signal);
  const file = found === undefined ? undefined : await files.open(name, signal);
  if (found === undefined || file === undefined) return undefined;
  const hash = createHash('md5');
  for await (const piece of file.body) hash.update(piece);
  return { ...told(found), md5: hash.digest('hex') };
}

function told({ bytes, changed }: FoundFile): { bytes: number; createdTime: string } {
  return { bytes, createdTime: changed.toISOString() };
}

async function list(
  files: ShareFiles,
  { prefix, after, most }: Extract<ShareQuestion, { type: 'List' }>,
  signal: AbortSignal,
): Promise<ShareAnswer> {
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
  const found = (await files.list(folder, signal))
    .filter(({ name }) => name.startsWith(prefix) && name > after && isPlain(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    type: 'Listed',
    files: found.slice(0, most).map((file) => ({ name: file.name, ...told(file) })),
    isWhole: found.length <= most,
  };
}

/** People may put other files beside ours. */
function isPlain(name: string): boolean {
  return name.length <= 512 && plainNamePattern.test(name);
}

async function destroy(files: ShareFiles, name: string, signal: AbortSignal): Promise<ShareAnswer> {
  const found = await files.look(name, signal);
  const file = await files.open(name, signal);
  if (found === undefined || file === undefined) throw new ShareError('BlobNotFound', `${name} is not there`);
  if (file.bytes > longestShareContent)
    throw new ShareError('DigestMismatch', `${name} is too long for that`);
  const content = await collected(file);
  const ageSeconds = Math.max(0, Math.floor((Date.now() - found.changed.getTime()) / 1000));
  const aside = `${uploads}/${randomUUID()}`;
  if ((await files.rename(name, aside, signal)) === 'Done') {
    await files.rename(aside, name, signal);
    return { type: 'Tried', rename: 'Allowed', remove: 'NotTried', ageSeconds };
  }
  if ((await files.remove(name, signal)) === 'Refused')
    return { type: 'Tried', rename: 'Refused', remove: 'Refused', ageSeconds };
  const md5 = createHash('md5').update(content).digest('hex');
  await files.create(name, only(content), { bytes: content.length, md5 }, signal);
  return { type: 'Tried', rename: 'Refused', remove: 'Allowed', ageSeconds };
}

async function collected({ body }: OpenFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** The URL is a secret and part of no message. */
async function* download(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const response = await fetch(url, { redirect: 'error', signal }).catch(() => undefined);
  if (response === undefined)
    throw new ShareError('StoreUnreachable', 'the store that is copied from does not answer');
  if (response.status === 404) throw new ShareError('BlobNotFound', 'what is to be copied is not there');
  if (!response.ok || response.body === null)
    throw new ShareError('StoreUnreachable', `the store that is copied from answered ${response.status}`);
  yield* response.body;
}
