/**
 * Tells a line that was cut without a word from a server that has nothing to say yet: to the question for a
 * checksum there is no answer for minutes or hours. So a connection of its own is asked again and again.
 */
import type { Conversation } from '../database/conversation.ts';

const pauseSeconds = 60;

/**
 * @param lost called once when an answer fails, or does not come for `longestSilenceSeconds`.
 * @returns stops it.
 */
export function startPulse(
  session: Pick<Conversation, 'ask'>,
  longestSilenceSeconds: number,
  lost: () => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
  };
  const end = (): void => {
    if (isOver) return;
    stop();
    lost();
  };
  const rest = (): void => {
    if (isOver) return;
    clearTimeout(timer);
    timer = setTimeout(beat, pauseSeconds * 1000);
  };
  const beat = (): void => {
    timer = setTimeout(end, longestSilenceSeconds * 1000);
    session.ask('DO 1').then(rest, end);
  };
  rest();
  return stop;
}
