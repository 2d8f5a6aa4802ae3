/**
 * What a metric of the business is: a name, and how its values follow from objects. Pure, so a restart sets
 * none to 0.
 */
import { secondsBetween } from '../../base/time.ts';
import type { Condition } from '../../runtime/report/conditions.ts';
import type {
  JtelBackup,
  JtelBackupStore,
  JtelChannel,
  JtelDrill,
  JtelRestore,
  JtelStack,
} from '../../crds/index.ts';

/** A stack with its requests. */
export interface StackView {
  readonly stack: JtelStack;
  readonly backups: readonly JtelBackup[];
  readonly restores: readonly JtelRestore[];
}

/** The objects that the metrics are computed from. */
export interface Fleet {
  readonly stacks: readonly StackView[];
  readonly stores: readonly JtelBackupStore[];
  readonly channels?: readonly JtelChannel[];
  readonly drills?: readonly JtelDrill[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A gauge: each value is what the objects say now. */
export interface BusinessMetric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: (fleet: Fleet) => readonly Sample[];
}

/**
 * A value, several with their own labels, or none. None means a series that does not exist, never a 0 that
 * nobody measured.
 */
type Values<L extends string> = number | undefined | readonly (Sample & { labels: Record<L, string> })[];

/** Makes a metric of each object of one kind; every series has the labels `namespace` and `name`. */
type MetricOf<T> = <const L extends string = never>(
  name: string,
  help: string,
  value: (of: T) => Values<L>,
  labelNames?: readonly L[],
) => BusinessMetric;

/** One value or several per stack. */
export const ofStack: MetricOf<StackView> = (name, help, value, labelNames = []) => ({
  name: `jtel_stack_${name}`,
  help,
  labelNames: ['namespace', 'name', ...labelNames],
  samples: ({ stacks }) => stacks.flatMap((view) => samplesOf(view.stack.metadata, value(view))),
});

/** The same per store. */
export const ofStore: MetricOf<JtelBackupStore> = (name, help, value, labelNames = []) => ({
  name: `jtel_store_${name}`,
  help,
  labelNames: ['namespace', 'name', ...labelNames],
  samples: ({ stores }) => stores.flatMap((store) => samplesOf(store.metadata, value(store))),
});

/** The same per channel, which is in no namespace. */
export const ofChannel: MetricOf<JtelChannel> = (name, help, value, labelNames = []) => ({
  name: `jtel_channel_${name}`,
  help,
  labelNames: ['name', ...labelNames],
  samples: ({ channels = [] }) =>
    channels.flatMap((channel) => withoutNamespace(samplesOf(channel.metadata, value(channel)))),
});

/** The same per drill, which is in no namespace. */
export const ofDrill: MetricOf<JtelDrill> = (name, help, value, labelNames = []) => ({
  name: `jtel_drill_${name}`,
  help,
  labelNames: ['name', ...labelNames],
  samples: ({ drills = [] }) =>
    drills.flatMap((drill) => withoutNamespace(samplesOf(drill.metadata, value(drill)))),
});

function withoutNamespace(samples: readonly Sample[]): readonly Sample[] {
  return samples.map(({ labels: { namespace: _none, ...labels }, ...sample }) => ({ ...sample, labels }));
}

/** What conditions are, and since when. */
export function conditionMetrics<T>(
  of: MetricOf<T>,
  conditionsOf: (of: T) => readonly Condition[] | undefined,
): readonly BusinessMetric[] {
  return [
    of(
      'condition',
      'Always 1; the labels say what a condition is, and why',
      (one) =>
        (conditionsOf(one) ?? []).map(({ type, status, reason }) => ({
          labels: { condition: type, status, reason },
          value: 1,
        })),
      ['condition', 'status', 'reason'],
    ),
    of(
      'condition_last_transition_timestamp_seconds',
      'Since when a condition is what it is',
      (one) =>
        (conditionsOf(one) ?? []).flatMap(({ type, lastTransitionTime }) => {
          const value = secondsOf(lastTransitionTime);
          return value === undefined ? [] : [{ labels: { condition: type }, value }];
        }),
      ['condition'],
    ),
  ];
}

function samplesOf(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  values: number | undefined | readonly Sample[],
): readonly Sample[] {
  if (values === undefined) return [];
  const list = typeof values === 'number' ? [{ labels: {}, value: values }] : values;
  return list.map(({ labels, value }) => ({ labels: { namespace, name, ...labels }, value }));
}

export function fromBoolean(value: boolean): number {
  return value ? 1 : 0;
}

/** Unix seconds of a time of the API; undefined if there is none or it cannot be read. */
export function secondsOf(time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/** From one time of the API to another, in seconds; undefined if one is missing or cannot be read. */
export function durationSeconds(start: string | undefined, end: string | undefined): number | undefined {
  if (start === undefined || end === undefined) return undefined;
  const seconds = secondsBetween(start, end);
  return Number.isNaN(seconds) ? undefined : seconds;
}
