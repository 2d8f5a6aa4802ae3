/** What the running waves were planned for, and when they were last looked at. */

import type { JtelStack } from '../../crds/index.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';

/** At least between looks while a wave works: docker compose makes dozens of events, and each look costs the host what it is busy with. */
const betweenLooksSeconds = 1;

interface Wave {
  readonly generation: number;
  readonly deleting: boolean;
  /** Unix milliseconds of its beginning, then of the last look at what it does. */
  lookTime: number;
}

export class Waves {
  readonly #waves = new Map<string, Wave>();

  begin(key: ObjectKey, stack: JtelStack, now: Date): void {
    this.#waves.set(formatKey(key), { ...reasonOf(stack), lookTime: now.getTime() });
  }

  end(key: ObjectKey): void {
    this.#waves.delete(formatKey(key));
  }

  /** Whether the stack is another than the one that the wave was planned for. */
  isUnwanted(key: ObjectKey, stack: JtelStack): boolean {
    const wave = this.#waves.get(formatKey(key));
    if (wave === undefined) return false;
    const { generation, deleting } = reasonOf(stack);
    return wave.generation !== generation || wave.deleting !== deleting;
  }

  /** @returns seconds until the next look; 0: now, and it is noted as done. */
  nextLook(key: ObjectKey, now: Date): number {
    const wave = this.#waves.get(formatKey(key));
    if (wave === undefined) return 0;
    const seconds = betweenLooksSeconds - (now.getTime() - wave.lookTime) / 1000;
    if (seconds > 0) return seconds;
    wave.lookTime = now.getTime();
    return 0;
  }
}

function reasonOf({ metadata }: JtelStack): Pick<Wave, 'generation' | 'deleting'> {
  return { generation: metadata.generation ?? 0, deleting: metadata.deletionTimestamp !== undefined };
}
