/**
 * What must hold at each change of a stack while a channel brings a release: nobody takes a turn before all of the waves before are
 * through, never more use one than may, nobody is updated without one, and nobody gives it back before he is well. Pure.
 */
import { isUsingTurn } from '../../../controllers/channels/turns.ts';
import type { JtelStackStatus } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';

export interface Member {
  readonly name: string;
  readonly wave: number;
  /** Its wave does not wait for it, because its host does not answer. */
  readonly isAway: boolean;
}

export type Seen = Pick<JtelStackStatus, 'version' | 'channel' | 'conditions'>;

export interface Promised {
  /** The release that the channel brings. */
  readonly version: string;
  readonly maxUnavailable: number;
}

export class Oracle {
  readonly faults: string[] = [];
  mostAtOnce = 0;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #promised: Promised;
  readonly #begun = new Set<string>();
  readonly #done = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #using = new Set<string>();

  constructor(members: readonly Member[], promised: Promised) {
    this.#members = new Map(members.map((member) => [member.name, member]));
    this.#promised = promised;
  }

  get updated(): number {
    return this.#done.size;
  }

  isUpdated(name: string): boolean {
    return this.#done.has(name);
  }

  /** The changes of all stacks, in the order in which the API server took them. */
  see(name: string, status: Seen): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    const { version, maxUnavailable } = this.#promised;
    const { channel } = status;
    const uses = isUsingTurn(channel);
    const isNew = status.version === version && !this.#done.has(name);
    if (isNew) this.#done.add(name);
    // The number of the last turn stays, also in the eyes of somebody who has missed a change.
    if (isNew && channel?.turn === undefined) this.faults.push(`${name} was updated without a turn`);
    const gaveBack = this.#using.has(name) && channel?.state === 'Updated' && channel.version === version;
    if (gaveBack && !isWell(status, version))
      this.faults.push(`${name} gave its turn back before it was well`);
    if (uses) this.#using.add(name);
    else this.#using.delete(name);
    if (channel?.state === 'Failed') this.#failed.add(name);
    if ((uses || isNew) && !this.#begun.has(name)) this.#begin(member);
    if (uses && this.#using.size > maxUnavailable) this.faults.push(`${name} was one too many`);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#using.size);
  }

  #begin({ name, wave }: Member): void {
    this.#begun.add(name);
    const waiting = this.#members
      .values()
      .find(
        (other) =>
          other.wave < wave && !other.isAway && !this.#done.has(other.name) && !this.#failed.has(other.name),
      );
    if (waiting !== undefined)
      this.faults.push(`${name} before ${waiting.name}, which is of an earlier wave`);
  }
}

function isWell({ version, conditions }: Seen, wanted: string): boolean {
  return version === wanted && findCondition(conditions, 'Ready')?.status === 'True';
}
