/**
 * Under which epoch this process holds which machine for which stack. Fencing is between processes: controllers of one
 * process share what they hold, so that a backup never fences the reconcile of the same stack. Losing it (a restart) costs
 * one claim per host, never correctness: the host itself refuses an older epoch.
 */

import { HostError, type Fence, type Host, type StackOwner } from '../../host-driver/host.ts';

interface Held {
  readonly epoch: number;
  readonly machines: Set<string>;
}

/** Epochs that others may have used for the stack: what its host and its status say. */
export interface SeenEpochs {
  readonly host?: number | undefined;
  readonly status?: number | undefined;
}

export class HostClaims {
  readonly #stacks = new Map<string, Held>();

  /** Epoch under which this process claimed that machine for the stack. @param uid of the stack */
  held(uid: string, machineID: string): number | undefined {
    const held = this.#stacks.get(uid);
    return held?.machines.has(machineID) === true ? held.epoch : undefined;
  }

  /** Epoch to claim a machine with: newer than anything seen; the one in use, if it is (so that two hosts of a move share one). */
  next(uid: string, seen: SeenEpochs): number {
    const current = this.#stacks.get(uid)?.epoch;
    const others = Math.max(seen.host ?? 0, seen.status ?? 0);
    return current !== undefined && current > others ? current : Math.max(others, current ?? 0) + 1;
  }

  /** The machine took that epoch. */
  claimed(uid: string, machineID: string, epoch: number): void {
    const held = this.#stacks.get(uid);
    if (held !== undefined && held.epoch === epoch) held.machines.add(machineID);
    else if (held === undefined || epoch > held.epoch)
      this.#stacks.set(uid, { epoch, machines: new Set([machineID]) });
  }

  /** Takes the host with that epoch, for the owner's project. @throws {HostError} also when somebody newer holds it */
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

  /** What proves that this process holds the machine, asked anew for each change: another wave of it may have a newer epoch meanwhile. */
  fence(owner: StackOwner, machineID: string): Fence {
    const epoch = this.held(owner.uid, machineID);
    if (epoch !== undefined) return { owner, epoch };
    throw new HostError(
      'Fenced',
      machineID,
      `the host of ${owner.namespace}/${owner.name} is no longer held by this process; it is claimed again`,
    );
  }

  /** Somebody newer holds the host, or the stack is gone. */
  forget(uid: string): void {
    this.#stacks.delete(uid);
  }
}
