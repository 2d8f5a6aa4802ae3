/** Small parts that all views are made of. */
import { signal, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { BackupStrip, CopyCommand, RunningOperation, Verdict } from '../../protocol.ts';
import { announcement, now, timesAre } from './state.ts';
import { stripBackground, stripSentence } from './strip.ts';
import { exact, relative } from './times.ts';

export const verdictWords: Readonly<Record<Verdict, string>> = {
  Bad: 'in trouble',
  Unknown: 'unknown',
  Busy: 'under way',
  Good: 'well',
  Neutral: 'at rest',
};

/** A shape of its own for each, so that nothing depends on seeing colours. */
const shapes: Readonly<Record<Verdict, string>> = {
  Bad: 'M5.3 1h5.4L15 5.3v5.4L10.7 15H5.3L1 10.7V5.3zM5.5 5.5l5 5m0-5-5 5',
  Unknown: 'M8 1l7 7-7 7-7-7zM6.6 6.4c.2-1.7 3-1.5 2.8.2C9.3 7.7 8 7.7 8 9M8 10.8v.2',
  Busy: 'M8 1.5a6.5 6.5 0 1 0 6.5 6.5M8 4.5v4l2.5 1.5',
  Good: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13zM5 8.2l2.2 2.2L11.2 6',
  Neutral: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13zM5.5 8h5',
};

export function Mark({ verdict }: { readonly verdict: Verdict }) {
  return (
    <svg class={`mark ${verdict}`} viewBox="0 0 16 16" role="img" aria-label={verdictWords[verdict]}>
      <path d={shapes[verdict]} />
    </svg>
  );
}

export interface TimeProps {
  readonly time: string | undefined;
  /** `Span` leaves out "ago". */
  readonly form?: 'Moment' | 'Span';
  /** Whether Tab stops at it; a list has too many of them and has the key `t`. */
  readonly isStop?: boolean;
  /** Older than that is too old. */
  readonly lateAfterSeconds?: number | undefined;
}

/** How long ago; the exact time on hover and focus, and everywhere once somebody asked for that. */
export function Time({ time, form = 'Moment', isStop = false, lateAfterSeconds }: TimeProps) {
  const whole = exact(time);
  if (time === undefined || whole === '') return null;
  const isExact = timesAre.value === 'Exact';
  const isLate = lateAfterSeconds !== undefined && now.value - Date.parse(time) > lateAfterSeconds * 1000;
  const full = relative(time, now.value);
  const short = form === 'Span' ? full.replace(/ ago$/, '') : full;
  return (
    <time
      class={isLate ? 'Bad' : undefined}
      dateTime={time}
      data-tip={isExact ? full : whole}
      {...(isStop ? { tabIndex: 0 } : {})}
    >
      {isExact ? whole.slice(0, 16) : short}
      {isLate && <span class="unseen">, later than wanted</span>}
    </time>
  );
}

export function Strip({ strip }: { readonly strip: BackupStrip }) {
  const sentence = stripSentence(strip);
  return (
    <span
      class="strip"
      role="img"
      aria-label={sentence}
      title={sentence}
      style={{ background: stripBackground(strip.days) }}
    />
  );
}

export function Progress({ operation }: { readonly operation: RunningOperation }) {
  const { type, step, percent } = operation;
  return (
    <span class="operation">
      <span class="what">
        {type}
        {step === undefined ? '' : ` · ${step}`}
        {percent === undefined ? '' : ` ${percent} %`}
      </span>
      <progress max={100} {...(percent === undefined ? {} : { value: percent })} aria-label={type} />
    </span>
  );
}

/** A command to copy. It is the only thing that the page gives to do. */
export function Copy({ command, form }: { readonly command: CopyCommand; readonly form: 'Line' | 'Button' }) {
  const text = useRef<HTMLElement>(null);
  const isDone = useSignal(false);
  const copy = async (): Promise<void> => {
    const done = await copied(command.command, text.current);
    isDone.value = done;
    announcement.value = done ? `Copied: ${command.command}` : 'Press Ctrl and C to copy what is selected.';
    setTimeout(() => (isDone.value = false), 1500);
  };
  return (
    <span class={`copy ${form}`}>
      {form === 'Line' && <span class="purpose">{command.purpose}</span>}
      <code ref={text}>
        {command.command
          .split(' ')
          .flatMap((word, index) => [index === 0 ? '' : ' ', <span key={index}>{word}</span>])}
      </code>
      <button
        type="button"
        onClick={() => void copy()}
        aria-label={`Copy: ${command.purpose}`}
        data-tip={form === 'Button' ? command.command : undefined}
      >
        {isDone.value ? 'Copied' : 'Copy'}
      </button>
    </span>
  );
}

/** Without https a browser has no clipboard for pages; then the text is selected. */
async function copied(text: string, element: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (element !== null) getSelection()?.selectAllChildren(element);
    return false;
  }
}

/** Whether the list of keys is shown. */
export const isHelpOpen = signal(false);
