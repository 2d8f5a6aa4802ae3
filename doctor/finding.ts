/** What a check found. Text in it may come from hosts, stores and clusters: it is bounded, and fit to be shown. */
import { printable } from '../base/printable.ts';
import { optional } from '../base/optional.ts';
import type { CheckName } from './checks.ts';

/** `Skipped` could not be asked, or was not to be. It says nothing about what was not asked. */
export type Verdict = 'Ok' | 'Warning' | 'Failed' | 'Skipped';

export interface Finding {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** The object that was looked at, if there can be several. */
  readonly subject?: string;
  /** One or more sentences. */
  readonly seen: string;
  /** What to do. Absent only for Ok. */
  readonly next?: string;
}

/** A finding of which the caller knows the check. */
export type Judgement = Omit<Finding, 'check' | 'subject'>;

const longestText = 1200;

export function ok(seen: string): Judgement {
  return { verdict: 'Ok', seen: shown(seen) };
}

/** @param next begins with a verb */
export function warning(seen: string, next: string): Judgement {
  return { verdict: 'Warning', seen: shown(seen), next: shown(next) };
}

/** @param next begins with a verb */
export function failed(seen: string, next: string): Judgement {
  return { verdict: 'Failed', seen: shown(seen), next: shown(next) };
}

/** @param next how it can be asked */
export function skipped(seen: string, next: string): Judgement {
  return { verdict: 'Skipped', seen: shown(seen), next: shown(next) };
}

export function finding(check: CheckName, judgement: Judgement, subject?: string): Finding {
  return {
    check,
    ...judgement,
    ...optional({ subject: subject === undefined ? undefined : shown(subject) }),
  };
}

/** The same for all of them. */
export function each(checks: readonly CheckName[], judgement: Judgement): readonly Finding[] {
  return checks.map((check) => finding(check, judgement));
}

/** Bounds text of others, and makes what would move the cursor visible. */
export function shown(text: string): string {
  const line = printable(
    text
      .slice(0, longestText * 2)
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return line.length <= longestText ? line : `${line.slice(0, longestText - 1)}…`;
}
