/** What a seed stands for: stacks, what their users do to them, and what goes wrong meanwhile. */
import type { JtelStackSpec } from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';
import type { Dice } from './dice.ts';
import { drawFaults, type Fault } from './faults.ts';

export type DeletionPolicy = 'Orphan' | 'Stop' | 'Destroy';

export type Act = {
  /** Seconds after the act before, or after the stack came to rest from it. */
  readonly pause: number;
  readonly after: 'Rest' | 'Time';
} & (
  | { readonly kind: 'change'; readonly spec: Partial<JtelStackSpec> }
  | { readonly kind: 'move'; readonly address: string }
  | { readonly kind: 'back up' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'delete'; readonly policy: DeletionPolicy }
);

export interface Story {
  readonly name: string;
  readonly address: string;
  readonly version: string;
  readonly acts: readonly Act[];
  /** A version whose task runner never becomes healthy here. */
  readonly broken?: string;
}

export interface Play {
  readonly stories: readonly Story[];
  readonly faults: readonly Fault[];
}

const names = ['main', 'second', 'third'] as const;
const versions = ['3.43.1', '3.43.2', '3.44.0'] as const;

export function draw(dice: Dice): Play {
  const stories = names
    .slice(0, dice.pick([1, 1, 2, 3]))
    .map((name, index) => drawStory(dice.fork(), name, index));
  const addresses = stories.flatMap((story) => [story.address, spareOf(story.address)]);
  const [first = '', ...others] = addresses;
  return { stories, faults: drawFaults(dice.fork(), [first, ...others]) };
}

export function spareOf(address: string): string {
  return `${address}0`;
}

function drawStory(dice: Dice, name: string, index: number): Story {
  const address = `192.0.2.1${index}`;
  const begin = dice.pick([0, 1]);
  let at = begin;
  let here = address;
  const acts: Act[] = [];
  let broken: string | undefined;
  const next = (): Act | undefined => {
    const when = {
      pause: dice.pick([0, 1, 10, 60, 200]),
      after: dice.chance(0.6) ? 'Rest' : 'Time',
    } as const;
    const change = (spec: Partial<JtelStackSpec>): Act => ({ ...when, kind: 'change', spec });
    switch (
      dice.pick([
        'update',
        'update',
        'configure',
        'configure',
        'power',
        'back up',
        'restore',
        'move',
        'delete',
      ])
    ) {
      case 'update':
        if (at + 1 >= versions.length) return undefined;
        at += 1;
        if (dice.chance(0.75)) return change({ version: versions[at] ?? '' });
        broken = versions[at];
        // Amid something else there would be nothing to go back to.
        return { ...change({ version: versions[at] ?? '' }), after: 'Rest' };
      case 'configure':
        return change({
          components: [{ name: 'acd-web', state: 'Enabled', replicas: dice.integer(1, 4) }],
        });
      case 'power':
        return change({ powerState: dice.pick(['Stopped', 'Running']) });
      case 'back up':
        return { ...when, kind: 'back up' };
      case 'restore':
        return { ...when, kind: 'restore' };
      case 'move':
        here = here === address ? spareOf(address) : address;
        return { ...when, kind: 'move', address: here };
      default:
        return { ...when, kind: 'delete', policy: dice.pick(['Orphan', 'Stop', 'Destroy']) };
    }
  };
  for (let count = dice.integer(0, 4); count > 0; count -= 1) {
    const act = next();
    // There must be something to restore.
    if (act?.kind === 'restore' && acts.every(({ kind }) => kind !== 'back up'))
      acts.push({ kind: 'back up', pause: 0, after: 'Rest' });
    if (act !== undefined) acts.push(act);
    if (act?.kind === 'delete' || broken !== undefined) break;
  }
  const version = versions[begin] ?? versions[0];
  return { name, address, version, acts, ...optional({ broken }) };
}
