/** Tells the harness what happens here: gathered a little, so that telling costs next to nothing. */
import { followLooks } from './looks.ts';
import type { HostCall, Look, Observed } from '../messages.ts';

const gatherMilliseconds = 20;

const calls: HostCall[] = [];
const observed: Observed[] = [];
const looks: Look[] = [];
let telling = false;

function soon(): void {
  if (telling) return;
  telling = true;
  setTimeout(() => {
    telling = false;
    process.send?.({ calls: calls.splice(0), observed: observed.splice(0), looks: looks.splice(0) });
  }, gatherMilliseconds).unref();
}

export function tellCall(call: HostCall): void {
  calls.push(call);
  soon();
}

export function tellObserved(seen: Observed): void {
  observed.push(seen);
  soon();
}

followLooks((look) => {
  looks.push(look);
  soon();
});
