/** How a verdict looks on a terminal. */
import type { Verdict } from '../../insight/judge.ts';
import type { Colour } from '../view/paint.ts';

export const signs: Readonly<Record<Verdict, { readonly sign: string; readonly colour: Colour }>> = {
  Good: { sign: '✔', colour: 'green' },
  Bad: { sign: '✘', colour: 'red' },
  Busy: { sign: '●', colour: 'yellow' },
  Unknown: { sign: '?', colour: 'magenta' },
  Neutral: { sign: '–', colour: 'dim' },
};
