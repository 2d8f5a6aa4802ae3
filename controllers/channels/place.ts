/**
 * In which wave of its channel a stack is. The same stack is in the same wave for as long as the waves stay as they are, and one
 * that joins or leaves moves no other. Pure.
 */
import { createHash } from 'node:crypto';
import type { JtelChannel, JtelStack } from '../../crds/index.ts';

type Placed = Pick<JtelStack, 'metadata' | 'spec'>;

/** @returns the index of the wave; undefined: its name is unknown, or nothing matches. */
export function waveOf(stack: Placed, { spec }: Pick<JtelChannel, 'spec'>): number | undefined {
  const { channelWave } = stack.spec;
  const found = channelWave === undefined ? byRule(stack, spec.waves) : named(channelWave, spec.waves);
  return found === -1 ? undefined : found;
}

type Waves = JtelChannel['spec']['waves'];

function named(name: string, waves: Waves): number {
  return waves.findIndex((wave) => wave.name === name);
}

function byRule({ metadata }: Placed, waves: Waves): number {
  const { labels = {} } = metadata;
  const selected = waves.findIndex(
    ({ selector }) =>
      selector !== undefined && selector.labels.every(({ name, value }) => labels[name] === value),
  );
  if (selected !== -1) return selected;
  const at = positionOf(metadata);
  let upTo = 0;
  return waves.findIndex(({ percent = 0 }) => {
    upTo += percent;
    return percent > 0 && at < upTo;
  });
}

/** @returns what a new stack begins with; undefined: nobody has said it yet, or there is no wave for it */
export function firstRelease(
  stack: Placed,
  { spec, status }: Pick<JtelChannel, 'spec' | 'status'>,
): string | undefined {
  const wave = waveOf(stack, { spec });
  const name = wave === undefined ? undefined : spec.waves[wave]?.name;
  return status?.waves?.find((one) => one.name === name)?.version;
}

/** Where a stack is among all, 0 to less than 100; by its namespace and name alone. */
export function positionOf({ namespace, name }: Pick<JtelStack['metadata'], 'namespace' | 'name'>): number {
  const digest = createHash('sha256').update(`${namespace}/${name}`).digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * 100;
}
