/** A place for one stack in a question about the fleet. */
import type { Verdict } from './judge.ts';

/** A smaller `order` is a group further up, and a stack further up in it. */
export interface Place {
  readonly group: string;
  readonly verdict: Verdict;
  readonly order: number;
  readonly detail?: string;
  readonly value?: string | number;
  readonly daysLeft?: number;
  readonly orderInGroup?: number;
}
