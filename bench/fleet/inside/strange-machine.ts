/** Hosts that are no use: the third part of an address of 10.66.0.0/16 says what such a host does. */
import type { FakeMachine } from '../../../host-driver/fake/machine.ts';

/** Longer than anything waits. It ends when it is given up. */
const foreverMilliseconds = 86_400_000;
const fail = (): never => {
  // As a fault of ours would: no error that anybody expects.
  throw new TypeError('cannot read properties of undefined');
};

export function makeStrange(machine: FakeMachine): FakeMachine {
  const kind = /^10\.66\.(\d+)\./.exec(machine.address)?.[1];
  if (kind === '0') machine.latencyMilliseconds = foreverMilliseconds;
  else if (kind === '1') machine.onCall = fail;
  return machine;
}
