/**
 * The epochs under which this process holds machines for stacks. Fences work between processes. The controllers of one
 * process share their claims, so a backup never fences the reconcile of its own stack. A restart loses the claims. That
 * costs one claim for each host and breaks nothing: the host itself refuses an older epoch.
 */

import { HostError, type Fence, type Host, type StackOwner } from '../../host-driver/host.ts';

interface Held {
  readonly epoch: number;
  readonly machines: Set<string>;
}

/** Epochs that others may have used for the stack, as its host and its status say. */
export interface SeenEpochs {
  readonly host?: number | undefined;
  readonly status?: number | undefined;
}

export class HostClaims {
  readonly #stacks = new Map<string, Held>();

  /** The epoch under which this process claimed the machine for the stack. @param uid of the stack */
  held(uid: string, machineID: string): number | undefined {
    const held = this.#stacks.get(uid);
    return held?.machines.has(machineID) === true ? held.epoch : undefined;
  }

  /** The epoch for the next claim. It is newer than all that were seen; if the one in use is, two hosts of a move share it. */
  next(uid: string, seen: SeenEpochs): number {
    const current = this.#stacks.get(uid)?.epoch;
    const others = Math.max(seen.host ?? 0, seen.status ?? 0);
    return current !== undefined && current > others ? current : Math.max(others, current ?? 0) + 1;
  }

  /** Remembers that the machine took the epoch. */
  claimed(uid: string, machineID: string, epoch: number): void {
    const held = this.#stacks.get(uid);
    if (held !== undefined && held.epoch === epoch) held.machines.add(machineID);
    else if (held === undefined || epoch > held.epoch)
      this.#stacks.set(uid, { epoch, machines: new Set([machineID]) });
  }

  /** Claims the host with the epoch, for the owner's project. @throws {HostError} also when a newer process holds it */
  async claim(
    host: Host,
    project: string,
    { owner, epoch }: Fence,
    machineID: string,
    signal: AbortSignal,
  ): Promise<void> {
    await host.claim(project, { owner, epoch }, signal);
    this.claimed(owner.uid, machineID, epoch);
  }

  /** Proves that this process holds the machine. Ask again for each change: another wave may have got a newer epoch. */
  fence(owner: StackOwner, machineID: string): Fence {
    const epoch = this.held(owner.uid, machineID);
    if (epoch !== undefined) return { owner, epoch };
    throw new HostError(
      'Fenced',
      machineID,
      `the host of ${owner.namespace}/${owner.name} is no longer held by this process; it is claimed again`,
    );
  }

  /** Drops the claims of a stack: a newer process holds its host, or the stack is gone. */
  forget(uid: string): void {
    this.#stacks.delete(uid);
  }
}
