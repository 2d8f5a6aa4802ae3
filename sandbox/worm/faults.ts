/** Decides which injected fault hits a request: rules with counters, nothing else. */
import { randomUUID } from 'node:crypto';
import type { BlobRequest } from './request.ts';
import type { Fault, FaultReport, FaultRule, RequestPattern } from './types.ts';

interface Counted {
  readonly id: string;
  readonly rule: FaultRule;
  readonly pattern: RegExp | undefined;
  matched: number;
  hit: number;
}

export class FaultRules {
  #rules: Counted[] = [];

  /** @throws {SyntaxError} for a pattern that is not a regular expression */
  add(rule: FaultRule): string {
    const id = randomUUID();
    this.#rules.push({
      id,
      rule,
      pattern: rule.when.blob === undefined ? undefined : new RegExp(rule.when.blob),
      matched: 0,
      hit: 0,
    });
    return id;
  }

  remove(id: string): void {
    this.#rules = this.#rules.filter((each) => each.id !== id);
  }

  clear(): void {
    this.#rules = [];
  }

  report(): readonly FaultReport[] {
    return this.#rules.map(({ id, rule, matched, hit }) => ({ ...rule, id, matched, hit }));
  }

  /** Counts the request at every rule that it matches; the first rule that is due decides. */
  next(request: BlobRequest): Fault | undefined {
    let due: Fault | undefined;
    for (const each of this.#rules) {
      if (!matches(each.rule.when, each.pattern, request)) continue;
      each.matched += 1;
      const { nth = 1, times = 1 } = each.rule;
      const isDue = each.matched >= nth && (times === 'Always' || each.matched < nth + times);
      if (!isDue || due !== undefined) continue;
      each.hit += 1;
      due = each.rule.fault;
    }
    return due;
  }
}

function matches(when: RequestPattern, pattern: RegExp | undefined, request: BlobRequest): boolean {
  return (
    (when.operations === undefined || when.operations.includes(request.operation)) &&
    (when.methods === undefined || when.methods.includes(request.method)) &&
    (when.account === undefined || when.account === request.account) &&
    (when.container === undefined || when.container === request.container) &&
    (pattern === undefined || pattern.test(request.blob))
  );
}
