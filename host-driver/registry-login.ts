/**
 * Logins of image registries, as the kubelet finds them in a `kubernetes.io/dockerconfigjson` Secret: a
 * Secret that works for pods also works for stacks. The rules are in
 * https://kubernetes.io/docs/concepts/containers/images/#config-json and, where that page is silent (`/v1/`,
 * `/v2/`, order, Docker Hub), in `pkg/credentialprovider/keyring.go` of Kubernetes 1.37.
 */

export interface RegistryLogin {
  /** Key of an entry in `auths`, such as `https://registry.example:5000/v2/` or `*.registry.example/jtel`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

interface Pattern {
  /** With the port, if any. */
  readonly host: string;
  /** '' or begins with `/`. */
  readonly path: string;
}

const dockerHub = 'index.docker.io';

/** Scheme, user and the paths `/v1/` and `/v2/` do not say which images are meant. */
function patternOf(registry: string): Pattern {
  const [, host = '', rest = ''] = /^(?:https?:\/\/)?(?:[^/@]*@)?([^/#]*)([^?#]*)/.exec(registry) ?? [];
  const path = /^\/v[12]\//.test(rest) ? rest.slice('/v1'.length) : rest;
  return { host, path: path === '/' ? '' : path };
}

/** Host and path of a key, for messages. */
export function registryName(registry: string): string {
  const { host, path } = patternOf(registry);
  return `${host}${path}`;
}

/**
 * Returns the logins that apply to a repository such as `registry.example/jtel/acd-web`, the most specific
 * first. Several are tried in turn, so a password can be replaced without a gap.
 */
export function loginsFor<T extends Pick<RegistryLogin, 'registry'>>(
  logins: readonly T[],
  repository: string,
): readonly T[] {
  const target = patternOf(repository);
  const found = logins.filter(({ registry }) => matches(patternOf(registry), target));
  if (found.length > 0)
    return found.toSorted((a, b) => compare(registryName(b.registry), registryName(a.registry)));
  return isOnDockerHub(target) ? logins.filter(({ registry }) => registryName(registry) === dockerHub) : [];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Docker tells a host from a user of Docker Hub in this way: a host has a dot or a port. */
function isOnDockerHub({ host, path }: Pattern): boolean {
  return path === '' || host === 'docker.io' || host === dockerHub || !/[.:]/.test(host);
}

function matches(pattern: Pattern, target: Pattern): boolean {
  const [wanted, is] = [labelsOf(pattern.host), labelsOf(target.host)];
  if (wanted.port !== is.port || wanted.labels.length !== is.labels.length) return false;
  return (
    target.path.startsWith(pattern.path) &&
    wanted.labels.every((label, index) => matchesLabel(label, is.labels[index] ?? ''))
  );
}

function labelsOf(host: string): { readonly labels: readonly string[]; readonly port: string } {
  const [, name = host, port = ''] = /^(.*?)(?::(\d*))?$/.exec(host) ?? [];
  return { labels: name.split('.'), port };
}

/** A part of a pattern: `*`, or the characters that are allowed in one place. */
type Piece = '*' | ((character: string) => boolean);

/** `*` any characters, `?` one, `[a-c]` and `[^a-c]` one of these or none of them, `\x` the character itself. Takes no more than length × length steps. */
function matchesLabel(pattern: string, label: string): boolean {
  const pieces = piecesOf(pattern);
  if (pieces === undefined) return false;
  // The prefixes of the label that the pieces so far can match.
  let reached = new Set([0]);
  for (const piece of pieces) {
    if (piece === '*') {
      const first = Math.min(...reached);
      reached = new Set(Array.from({ length: label.length - first + 1 }, (_, index) => first + index));
    } else
      reached = new Set(
        [...reached].filter((at) => at < label.length && piece(label.charAt(at))).map((at) => at + 1),
      );
    if (reached.size === 0) return false;
  }
  return reached.has(label.length);
}

/** Undefined if a class does not end. Such a key matches nothing. */
function piecesOf(pattern: string): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') pieces.push('*');
    else if (character === '?') pieces.push(() => true);
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) return undefined;
      pieces.push(classOf(pattern.slice(at + 1, end)));
      at = end;
    } else {
      const literal = character === '\\' ? pattern.charAt((at += 1)) : character;
      pieces.push((other) => other === literal);
    }
  }
  return pieces;
}

/** @param text between the brackets: `abc`, `a-c`, `^a-c` */
function classOf(text: string): (character: string) => boolean {
  const isNegated = text.startsWith('^');
  const ranges = [...(isNegated ? text.slice(1) : text).matchAll(/(.)-(.)|(.)/g)].map(
    ([, from, to, one]) => [from ?? one ?? '', to ?? one ?? ''] as const,
  );
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== isNegated;
}
