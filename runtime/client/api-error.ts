/** The answer of the API server (or of something before it) when it did not do what was asked. */

/** `status` of an {@link ApiError} when no HTTP answer came at all. */
export const NO_ANSWER = 0;

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code; {@link NO_ANSWER} if the server was not reached or did not answer in time. */
  readonly status: number;
  /** `metav1.StatusReason` such as `NotFound`, or `Unreachable`, `Timeout`. */
  readonly reason: string;
  /** From `Retry-After` or `details.retryAfterSeconds`. */
  readonly retryAfterSeconds?: number;

  constructor(
    status: number,
    reason: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.reason = reason;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 404;
}

/**
 * The object changed (or was replaced by another of the same name) since it was read: read and decide again.
 */
export function isConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 409 && error.reason === 'AlreadyExists';
}

/** Somebody else was first, such as the process that led before: read and decide again. */
export function isLostRace(error: unknown): error is ApiError {
  return isConflict(error) || isAlreadyExists(error);
}

/** The server no longer has the requested version: list again. */
export function isGone(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone')
  );
}

/** The server is away, busy or in trouble, which says nothing about the object of the call. */
export function isServerTrouble(error: unknown): error is ApiError {
  return (
    error instanceof ApiError && (error.status === NO_ANSWER || error.status === 429 || error.status >= 500)
  );
}

/** Longer than a busy server asks for; whatever is between it and us may ask for more. */
const longestRetryAfterSeconds = 60;

/** Seconds before which the server wants no other try; 0 if it did not say. */
export function askedPauseSeconds(error: unknown): number {
  const seconds = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) : 0;
  return Math.min(longestRetryAfterSeconds, Math.max(0, seconds));
}

/** A schema or a rule refuses the object: trying again does not help. */
export function isInvalid(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 422 || error.status === 400);
}

export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.status === 403 || error.status === 401);
}

/**
 * Admission refused what the roles allow: a policy or a webhook.
 * Kubernetes has no reason of its own for it, so its wording counts (k8s.io/apiserver, pkg/admission/plugin).
 */
export function isDeniedByAdmission(error: unknown): error is ApiError {
  return (
    error instanceof ApiError && /\bValidatingAdmissionPolicy '|\badmission webhook "/.test(error.message)
  );
}

/** What was refused for want of a right, as a Role would give it. */
export interface MissingRight {
  readonly verb: string;
  /** Plural, with subresource and group: `jtelstacks/status.jtel.de`. */
  readonly resource: string;
}

export function describeMissingRight({ verb, resource }: MissingRight): string {
  return `The operator lacks the right to ${verb} ${resource}.`;
}

/**
 * RBAC names verb and resource only in its sentence (k8s.io/apiserver, pkg/endpoints/handlers/responsewriters). Admission, which
 * refuses with the same code, has other words.
 * @returns undefined for every other error
 */
export function missingRight(error: unknown): MissingRight | undefined {
  if (!(error instanceof ApiError) || error.status !== 403) return undefined;
  const [, verb, resource, group = ''] =
    /\bcannot ([a-z]{1,20}) resource "([a-z0-9/.-]{1,100})" in API group "([a-z0-9.-]{0,100})"/.exec(
      error.message,
    ) ?? [];
  if (verb === undefined || resource === undefined) return undefined;
  return { verb, resource: group === '' ? resource : `${resource}.${group}` };
}
