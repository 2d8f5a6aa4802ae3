/** Which commit the spec of a stack is of, as Flux or Argo CD say that own it; pure. */

export interface Kustomization {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly reason: string }[];
    readonly lastAppliedRevision?: string;
    readonly lastAttemptedRevision?: string;
    /** The newest first. */
    readonly history?: readonly {
      readonly lastReconciledStatus: string;
      readonly metadata?: { readonly revision?: string };
    }[];
  };
}

export interface Application {
  readonly status?: {
    readonly history?: readonly { readonly revision?: string }[];
    readonly operationState?: {
      readonly phase?: string;
      readonly syncResult?: { readonly revision?: string };
    };
  };
}

/** What it attempted last is applied. Only when all of it is healthy, Flux calls it the last applied one. */
const appliedBefore = new Set(['Progressing', 'HealthCheckFailed', 'HealthCheckCanceled', 'PruneFailed']);
const succeeded = 'ReconciliationSucceeded';

export function commitOfKustomization({ status = {} }: Kustomization): string | undefined {
  const { conditions = [], history = [], lastAppliedRevision, lastAttemptedRevision } = status;
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready !== undefined && appliedBefore.has(ready.reason)) return commitIn(lastAttemptedRevision);
  const applied = history.find(
    ({ lastReconciledStatus: was }) => was === succeeded || appliedBefore.has(was),
  );
  return commitIn(applied?.metadata?.revision ?? lastAppliedRevision);
}

export function commitOfApplication({ status = {} }: Application): string | undefined {
  const { history = [], operationState } = status;
  const syncing = operationState?.phase === 'Running' ? operationState.syncResult?.revision : undefined;
  return commitIn(syncing ?? history.at(-1)?.revision);
}

/** `main@sha1:8f3a9c…` is 8f3a9c…; what has no commit, such as the version of a chart, stays as it is. */
function commitIn(revision: string | undefined): string | undefined {
  if (revision === undefined || revision === '') return undefined;
  return /(?:^|[:/@])([0-9a-f]{40}|[0-9a-f]{64})$/.exec(revision)?.[1] ?? revision;
}
