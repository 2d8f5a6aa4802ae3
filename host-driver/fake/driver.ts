/** The fake host driver: machines by address. An address without a machine does not answer. */
import type { Host, HostDriver, HostTarget } from '../host.ts';
import { FakeHost } from './host.ts';
import { FakeMachine } from './machine.ts';
import type { FakeMachineOptions } from './machine.ts';

export class FakeHostDriver implements HostDriver {
  readonly machines = new Map<string, FakeMachine>();

  /** @example const machine = driver.add('10.0.0.7', { latencyMilliseconds: 50 }); */
  add(address: string, options: FakeMachineOptions = {}): FakeMachine {
    const machine = new FakeMachine(address, options);
    this.machines.set(address, machine);
    return machine;
  }

  host(target: HostTarget): Host {
    const nobody = new FakeMachine(target.address);
    nobody.unreachable = 'HostUnreachable';
    return new FakeHost(() => this.machines.get(target.address) ?? nobody);
  }

  closeIdle(): void {
    // There is nothing to close.
  }

  async close(): Promise<void> {
    for (const machine of this.machines.values()) machine.dropStreams();
  }
}
