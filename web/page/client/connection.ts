/**
 * Keeps the page's rows the same as the server's. The browser reconnects by itself and names the last event it had; only
 * when the server refuses does the page ask why.
 */
import { batch } from '@preact/signals';
import type { About, Changed, Ended, Failure, Removed, SnapshotPart } from '../../protocol.ts';
import { about, announcement, connection, isWhole, stacks, stores } from './state.ts';
import { applied, type Update } from './updates.ts';
import { parseVisible } from './text.ts';

const retrySeconds = 3;
/** Nobody waits longer for a frame. */
const longestFrameMilliseconds = 250;

/** Begins, and never ends. A link with `#token=…` signs in first. */
export async function connect(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) {
    history.replaceState(undefined, '', '#/stacks');
    await signIn(token);
  } else open();
}

/** @returns a sentence if the token was refused */
export async function signIn(token: string): Promise<string | undefined> {
  const answer = await ask('./api/session', { method: 'POST', body: JSON.stringify({ token }) });
  if ('failure' in answer) {
    if (answer.failure.signIn !== undefined)
      connection.value = { state: 'SignIn', signIn: answer.failure.signIn };
    return answer.failure.message;
  }
  connection.value = { state: 'Connecting' };
  open();
  return undefined;
}

export async function signOut(): Promise<void> {
  await ask('./api/session', { method: 'DELETE' });
  location.reload();
}

/** A document of the server, or why there is none. */
export async function load<T>(
  address: string,
): Promise<{ readonly data: T } | { readonly failure: Failure }> {
  const answer = await ask(address, {});
  if ('failure' in answer) {
    const { failure } = answer;
    if (failure.signIn !== undefined) connection.value = { state: 'SignIn', signIn: failure.signIn };
    return { failure };
  }
  return { data: parseVisible<T>(answer.text) };
}

async function ask(
  address: string,
  init: RequestInit,
): Promise<{ readonly text: string } | { readonly failure: Failure }> {
  try {
    const headers = init.body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(address, { ...init, headers });
    const text = await response.text();
    return response.ok ? { text } : { failure: failureOf(text, response.status) };
  } catch {
    return { failure: { message: 'The server does not answer.' } };
  }
}

function failureOf(text: string, status: number): Failure {
  try {
    const failure = parseVisible<Partial<Failure>>(text);
    if (typeof failure.message === 'string') return { ...failure, message: failure.message };
  } catch {
    // A proxy in between has bodies of its own.
  }
  return { message: `The server answered with status ${status}.` };
}

function open(): void {
  const source = new EventSource('./api/stream');
  const on = <T>(name: string, take: (data: T) => void): void =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => take(parseVisible<T>(data)));
  source.addEventListener('open', () => live());
  source.addEventListener('error', () => {
    lost();
    if (source.readyState === EventSource.CLOSED) void refused();
  });
  on<SnapshotPart>('snapshot', (part) => queue({ kind: 'Snapshot', part }));
  on<Changed>('changed', (changed) => queue({ kind: 'Changed', changed }));
  on<Removed>('removed', (removed) => queue({ kind: 'Removed', removed }));
  on<Ended>('ended', ({ reason, message }) => {
    source.close();
    if (reason === 'SignIn') void refused();
    else connection.value = { state: 'Stopped', message };
  });
}

function live(): void {
  if (connection.value.state === 'Lost') announcement.value = 'Connected again.';
  connection.value = { state: 'Live' };
}

function lost(): void {
  if (connection.value.state === 'Lost') return;
  announcement.value = 'The connection is lost. What is shown may be old.';
  connection.value = { state: 'Lost', since: Date.now() };
}

/** The server refused the stream: somebody has to sign in, or it is not there and the page tries again. */
async function refused(): Promise<void> {
  const answer = await load<About>('./api/session');
  if ('failure' in answer && answer.failure.signIn !== undefined)
    announcement.value = answer.failure.signIn.message;
  else setTimeout(open, retrySeconds * 1000);
}

let waiting: Update[] = [];
let frame = 0;
let timer = 0;

/** Gathers what comes until the next frame, so that a burst of events is drawn once. */
function queue(update: Update): void {
  waiting.push(update);
  if (waiting.length > 1) return;
  frame = requestAnimationFrame(apply);
  // A page in the background has no frames, also one that went there just now.
  timer = window.setTimeout(apply, longestFrameMilliseconds);
}

function apply(): void {
  cancelAnimationFrame(frame);
  clearTimeout(timer);
  const updates = waiting;
  waiting = [];
  const next = applied(
    { stacks: stacks.value, stores: stores.value, about: about.value, isWhole: isWhole.value },
    updates,
  );
  batch(() => {
    stacks.value = next.stacks;
    stores.value = next.stores;
    about.value = next.about;
    isWhole.value = next.isWhole;
  });
}
