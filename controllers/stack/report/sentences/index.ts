/** The words for everything that the planner of a stack finds and does; pure. Nobody else makes sentences of it. */

import type { Facts } from '../../findings.ts';
import { changeSentences } from './change.ts';
import { dataSentences } from './data.ts';
import { lifeSentences } from './life.ts';
import { moveSentences } from './move.ts';
import { specSentences } from './spec.ts';
import type { Sentences } from './table.ts';

const sentences: Sentences<Facts> = {
  Told: ({ message }) => message,
  ...specSentences,
  ...changeSentences,
  ...dataSentences,
  ...moveSentences,
  ...lifeSentences,
};

export function describe(facts: Facts): string {
  // The table is complete by its type; the lookup loses the link between key and argument.
  const say = sentences[facts.is] as (facts: Facts, say: (facts: Facts) => string) => string;
  return say(facts, describe);
}
