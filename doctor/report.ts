/** All findings as text and as an object. Pure. */
import { hanging, wrap } from '../command-line/wrap.ts';
import { groupOf } from './checks.ts';
import type { Finding, Verdict } from './finding.ts';

type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

export interface ReportContext {
  readonly paint: (colour: Colour, text: string) => string;
  /** Columns of the terminal; undefined in a pipe, where nothing is wrapped. */
  readonly width?: number | undefined;
}

const words: Readonly<Record<Verdict, { readonly word: string; readonly colour: Colour }>> = {
  Ok: { word: 'ok', colour: 'green' },
  Warning: { word: 'warning', colour: 'yellow' },
  Failed: { word: 'failed', colour: 'red' },
  Skipped: { word: 'skipped', colour: 'dim' },
};
const worstFirst: readonly Verdict[] = ['Failed', 'Warning', 'Skipped', 'Ok'];
const indent = ' '.repeat(2 + 'warning'.length + 2);

/** Whether the caller should end with exit code 1. Warnings and what was skipped are no failures. */
export function hasFailed(findings: readonly Finding[]): boolean {
  return findings.some(({ verdict }) => verdict === 'Failed');
}

/** @returns lines: one group after the other, then a summary */
export function reportText(findings: readonly Finding[], { paint, width }: ReportContext): readonly string[] {
  const columns = width === undefined ? undefined : Math.max(indent.length + 30, width);
  const merged = together(findings);
  const lines = merged.flatMap((one, index): readonly string[] => {
    const before = merged[index - 1];
    const group = groupOf(one.check);
    const { word, colour } = words[one.verdict];
    const name = one.subject === undefined ? one.names.join(', ') : `${one.check} (${one.subject})`;
    const head = `  ${paint(colour, word)}${' '.repeat(indent.length - 2 - word.length)}`;
    return [
      ...(before !== undefined && groupOf(before.check) === group
        ? []
        : [...(index === 0 ? [] : ['']), paint('bold', group)]),
      ...hanging(head, indent.length, `${name}: ${one.seen}`, columns),
      ...(one.next === undefined ? [] : hanging(`${indent}→ `, indent.length + 2, one.next, columns)),
    ];
  });
  return [...lines, '', ...wrap(summary(findings), width)];
}

interface Merged extends Finding {
  readonly names: readonly string[];
}

/** Neighbours of a group that say the same, such as all that wait for one host, are told once. */
function together(findings: readonly Finding[]): readonly Merged[] {
  const merged: Merged[] = [];
  for (const one of findings) {
    const last = merged.at(-1);
    const isSame =
      last !== undefined &&
      last.seen === one.seen &&
      last.next === one.next &&
      last.verdict === one.verdict &&
      last.subject === undefined &&
      one.subject === undefined &&
      groupOf(last.check) === groupOf(one.check);
    if (isSame) merged[merged.length - 1] = { ...last, names: [...last.names, one.check] };
    else merged.push({ ...one, names: [one.check] });
  }
  return merged;
}

/** A check that found several things counts once, with the worst. */
function summary(findings: readonly Finding[]): string {
  const verdicts = [...new Set(findings.map(({ check }) => check))].map((check) =>
    worstOf(findings.filter((one) => one.check === check)),
  );
  const counts = worstFirst
    .map((verdict) => ({ verdict, count: verdicts.filter((one) => one === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${words[verdict].word}`);
  const advice = hasFailed(findings) ? 'Correct what failed, from the top.' : 'Nothing failed.';
  return `${verdicts.length} checks: ${counts.join(', ')}. ${advice} Nothing was changed.`;
}

function worstOf(findings: readonly Finding[]): Verdict {
  return worstFirst.find((verdict) => findings.some((one) => one.verdict === verdict)) ?? 'Ok';
}

/** For programs. @param stack `namespace/name` */
export function reportObject(findings: readonly Finding[], stack: string | undefined): object {
  return {
    ...(stack === undefined ? {} : { stack }),
    verdict: worstOf(findings),
    checks: findings.map(({ check, ...rest }) => ({ check, group: groupOf(check), ...rest })),
  };
}
