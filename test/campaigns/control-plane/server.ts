/** The API server of a world in memory on a bad day: it is away, refuses for a while, or denies one right. */
import { ApiError, NO_ANSWER, missingRight } from '../../../runtime/client/api-error.ts';
import type { Right } from '../../../doctor/judge/rights.ts';
import { MissingRights } from '../../../operator/missing-rights.ts';
import { passedCluster, type ApiCall } from '../../support/counted-cluster.ts';
import type { Interference } from '../../support/world/interference.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

export type Trouble =
  | { readonly is: 'Away' }
  | { readonly is: 'Refusing'; readonly status: 429 | 503; readonly retryAfterSeconds: number }
  | { readonly is: 'Denying'; readonly right: Right };

export class BadServer {
  readonly logger = new RecordingLogger();
  readonly missing = new MissingRights({ logger: this.logger });
  /** What was asked for while all was well, such as `get secrets`. */
  readonly asked = new Set<string>();
  trouble: Trouble | undefined;
  /** Calls that were not done, or whose answer was lost. */
  failed = 0;

  readonly api: NonNullable<Interference['api']> = (cluster) =>
    passedCluster(cluster, async (call, run) => {
      this.#refuse(call);
      const answer = await run();
      // It was done, but nobody is told.
      if (this.trouble?.is === 'Away') this.#refuse(call);
      return answer;
    });

  #refuse(call: ApiCall): void {
    const { verb, group, resource } = call;
    this.asked.add(`${verb} ${group} ${resource}`);
    const error = this.#errorOf(call);
    if (error === undefined) return;
    this.failed += 1;
    const right = missingRight(error);
    if (right !== undefined) this.missing.refused(right);
    throw error;
  }

  #errorOf({ verb, group, resource, name }: ApiCall): ApiError | undefined {
    const { trouble } = this;
    const what = `${verb} ${resource} ${name}`;
    switch (trouble?.is) {
      case 'Away':
        return new ApiError(NO_ANSWER, 'Unreachable', `${what}: connect ECONNREFUSED 192.0.2.1:6443`);
      case 'Refusing': {
        const reason = trouble.status === 429 ? 'TooManyRequests' : 'ServiceUnavailable';
        return new ApiError(
          trouble.status,
          reason,
          `${what}: HTTP ${trouble.status} try again later`,
          trouble,
        );
      }
      case 'Denying': {
        const { right } = trouble;
        const isIt =
          right.verb === verb &&
          right.group === group &&
          right.resource === resource &&
          (right.name ?? name) === name;
        return isIt
          ? new ApiError(
              403,
              'Forbidden',
              `${what}: HTTP 403 ${resource} "${name}" is forbidden: User "system:serviceaccount:jtel-system:jtel-operator" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "acme"`,
            )
          : undefined;
      }
      case undefined:
        return undefined;
    }
  }
}
