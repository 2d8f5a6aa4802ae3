/**
 * What the operator was refused for want of a right: told in the log with verb, resource and where to look, and as a metric. It
 * goes on; what it may not do fails in the look that needs it.
 */
import type { MissingRight } from '../runtime/client/api-error.ts';
import type { Logger } from '../runtime/report/logger.ts';

export interface MissingRightsOptions {
  readonly logger: Pick<Logger, 'error'>;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** A right that was not missed again for so long was given, or nobody needs it. */
const rememberedSeconds = 900;
const toldAgainSeconds = 3600;
/** More would be somebody else's answers. */
const mostRights = 100;

interface Refusal {
  readonly right: MissingRight;
  last: number;
  told: number;
}

export class MissingRights {
  readonly #options: MissingRightsOptions;
  readonly #refusals = new Map<string, Refusal>();

  constructor(options: MissingRightsOptions) {
    this.#options = options;
  }

  refused(right: MissingRight): void {
    const now = this.#now();
    const key = `${right.verb} ${right.resource}`;
    const known = this.#refusals.get(key);
    if (known === undefined && this.#refusals.size >= mostRights) return;
    const isTold = known !== undefined && now - known.told < toldAgainSeconds * 1000;
    this.#refusals.set(key, { right, last: now, told: isTold ? known.told : now });
    if (isTold) return;
    this.#options.logger.error('a right is missing', {
      ...right,
      look: 'Role or ClusterRole jtel-operator (deploy/access, or the chart’s access/), and its bindings',
      runbook: 'docs/runbooks/JtelRightMissing.md',
    });
  }

  /** Those that were missed lately. */
  list(): readonly MissingRight[] {
    const since = this.#now() - rememberedSeconds * 1000;
    return [...this.#refusals.values()].filter(({ last }) => last >= since).map(({ right }) => right);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
