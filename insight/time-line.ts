/** The steps of one change with their durations, from what the operator noted on its revision; pure. */
import type { Revision } from '../controllers/stack/index.ts';
import { optional } from '../base/optional.ts';
import { secondsBetween } from '../base/time.ts';

interface TimeLineStep {
  readonly step: string;
  /** RFC 3339. */
  readonly startTime: string;
  /** Absent while it goes on. */
  readonly endTime?: string;
  readonly seconds: number;
}

export interface TimeLine {
  readonly revision: number;
  readonly version: string;
  /** Version that ran before. */
  readonly from?: string;
  readonly action?: string;
  readonly result?: string;
  /** When the operator noticed the spec, and when the change was through; RFC 3339. */
  readonly startTime: string;
  /** Absent while it goes on. */
  readonly endTime?: string;
  readonly seconds: number;
  /** When work on the change itself began, and how long it took from then on: what the history says. */
  readonly beginTime?: string;
  readonly tookSeconds?: number;
  /** When the first container was stopped, and for how long the stack was down. */
  readonly stopTime?: string;
  readonly downtimeSeconds?: number;
  readonly steps: readonly TimeLineStep[];
}

/** @param next the revision that followed; it ends this one if nothing else did */
export function timeLineOf(revision: Revision, next: Revision | undefined, now: Date): TimeLine {
  const { number, spec, attempt, outcome, steps = [], time: startTime } = revision;
  const ended = outcome?.result === 'RollingBack' ? undefined : (outcome?.backTime ?? outcome?.time);
  const endTime = ended ?? next?.time;
  const secondsFrom = (from: string, to: string | undefined): number => secondsBetween(from, to ?? now);
  const [first] = steps;
  const begins = [
    // From the new spec to the first step that somebody saw.
    ...(first === undefined || secondsFrom(startTime, first.time) >= 1
      ? [{ step: 'Look', time: startTime }]
      : []),
    ...steps.filter(({ time }) => endTime === undefined || Date.parse(time) < Date.parse(endTime)),
  ];
  return {
    revision: number,
    version: spec.version,
    startTime,
    seconds: secondsFrom(startTime, endTime),
    ...optional({
      from: attempt?.from?.version,
      action: attempt?.action,
      result: outcome?.result,
      endTime,
      beginTime: attempt?.startTime,
      tookSeconds: attempt === undefined ? undefined : secondsFrom(attempt.startTime, endTime),
      stopTime: outcome?.stopTime,
      downtimeSeconds: outcome?.downtimeSeconds,
    }),
    steps: begins.map(({ step, time }, index) => {
      const until = begins[index + 1]?.time ?? endTime;
      return { step, startTime: time, seconds: secondsFrom(time, until), ...optional({ endTime: until }) };
    }),
  };
}
