/** Shows the steps of one change as bars on a common axis of time. */
import { wrap } from '../../command-line/wrap.ts';
import { plain, type Paint } from '../view/paint.ts';
import { table } from '../view/table.ts';
import { minuteOf, secondsBetween, span } from '../../base/time.ts';
import type { ViewContext } from '../view/view.ts';
import type { TimeLine } from '../../insight/time-line.ts';

/** In a pipe, whose width nobody knows. */
const usualWidth = 80;
const leastBar = 10;
const daySeconds = 86_400;

const columns = [
  { title: 'STEP' },
  { title: 'BEGAN' },
  { title: 'TOOK', align: 'right' },
  { title: '' },
] as const;

export function timeLineView(line: TimeLine, { paint, width: terminalWidth }: ViewContext): string[] {
  const width = terminalWidth ?? usualWidth;
  const { revision, version, from, action = 'Change', result, stopTime, downtimeSeconds } = line;
  const change = from === undefined || from === version ? version : `${from} → ${version}`;
  const head = `Revision ${revision}: ${action} ${change}, ${result ?? 'under way'}, ${tookText(line)}`;
  const bars = [
    ...line.steps.map(({ step, startTime: time, seconds }) => ({
      step,
      time,
      seconds,
      colour: 'cyan' as const,
    })),
    ...(stopTime === undefined || downtimeSeconds === undefined
      ? []
      : [{ step: '(down)', time: stopTime, seconds: downtimeSeconds, colour: 'red' as const }]),
  ];
  const began = (time: string): string =>
    line.seconds < daySeconds ? `${new Date(time).toISOString().slice(11, 19)}Z` : minuteOf(time);
  const rows = (length: number, paintedWith: Paint): string[] =>
    table(
      columns,
      bars.map(({ step, time, seconds, colour }) => [
        step,
        began(time),
        span(seconds),
        { text: barOf(line, time, seconds, length), colour },
      ]),
      { paint: paintedWith },
    );
  const used = Math.max(...rows(0, plain).map(({ length }) => length)) + 2;
  return [...wrap(head, terminalWidth), '', ...rows(Math.max(leastBar, width - used), paint)];
}

/** How long it took, as the history says, and how long after the new spec it began. */
function tookText({ startTime, seconds, beginTime, tookSeconds }: TimeLine): string {
  const spec = `the new spec of ${minuteOf(startTime)}`;
  if (beginTime === undefined || tookSeconds === undefined) return `${span(seconds)} since ${spec}`;
  const wait = secondsBetween(startTime, beginTime);
  return `took ${span(tookSeconds)}${wait === 0 ? ' from' : `, ${span(wait)} after`} ${spec}`;
}

/** Where it lies in the whole, one block at least. */
function barOf(
  { startTime, seconds: whole }: TimeLine,
  time: string,
  seconds: number,
  length: number,
): string {
  if (length === 0) return '';
  const perSecond = whole === 0 ? 0 : length / whole;
  const offset = ((Date.parse(time) - Date.parse(startTime)) / 1000) * perSecond;
  const begin = Math.min(length - 1, Math.max(0, Math.floor(offset)));
  const blocks = Math.min(length - begin, Math.max(1, Math.round(seconds * perSecond)));
  return ' '.repeat(begin) + '█'.repeat(blocks);
}
