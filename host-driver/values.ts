/**
 * Every value from a resource passes one of these checks before it reaches a shell, a CLI, a path or an API.
 * The CRD schema has checked it already, but this is the last place before the host. No pattern allows a
 * leading `-`, a space, a quote, a slash where a single path element is meant, or `..`.
 */

const patterns = {
  project: /^[a-z0-9][a-z0-9_-]{0,62}$/,
  service: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
  startCondition: /^service_[a-z_]{1,40}$/,
  releaseDigest: /^[0-9a-f]{12,64}$/,
  sha256: /^[0-9a-f]{64}$/,
  imageDigest: /^sha256:[0-9a-f]{64}$/,
  repository: /^[a-z0-9]([a-zA-Z0-9.-]{0,252})(:[0-9]{1,5})?(\/[a-z0-9]+([._-]{1,2}[a-z0-9]+)*)*$/,
  dockerName: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
  uid: /^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$/,
  companion: /^(?!main$)[a-z0-9][a-z0-9-]{0,31}$/,
  numericUser: /^[0-9]{1,10}(:[0-9]{1,10})?$/,
  jobType: /^[a-zA-Z0-9][a-zA-Z0-9.-]{0,62}$/,
  user: /^[a-z_][a-z0-9_-]{0,31}$/,
  machineID: /^[0-9a-f]{32}$/,
  containerPath: /^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/,
  relativePath: /^(\.|[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)$/,
  version: /^[0-9A-Za-z][0-9A-Za-z.+-]{0,62}$/,
  timeZone: /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9][A-Za-z0-9_+-]*){0,3}$/,
  domainName:
    /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?$/,
} as const;

/** For every kind. File systems allow no longer name. */
const longest = 255;

export type ValueKind = keyof typeof patterns;

/**
 * A value that must not reach a host. The message names the kind and shows the value, shortened and quoted as
 * JSON.
 */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue';
}

/** @returns the value itself. @throws InvalidValue when it does not have the form of its kind. */
export function valid(kind: ValueKind, value: string): string {
  if (typeof value !== 'string' || value.length > longest || !patterns[kind].test(value)) {
    throw new InvalidValue(
      `${kind} ${JSON.stringify(String(value).slice(0, 80))} is refused: it does not match ${patterns[kind].source}, or is longer than ${longest}`,
    );
  }
  return value;
}

/**
 * @returns the number itself. @throws InvalidValue unless it is a whole number within the inclusive bounds.
 */
export function validInteger(what: string, value: number, minimum: number, maximum: number): number {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new InvalidValue(
      `${what} ${value} is refused: it must be a whole number from ${minimum} to ${maximum}`,
    );
  }
  return value;
}
