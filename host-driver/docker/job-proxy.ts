/**
 * The proxy of a job: the one of the host's Docker. It goes into a file, because it may hold a password.
 * Pure.
 */
import type { JobFile } from './job-containers.ts';

const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
const longest = 4096;

/** @param said lines `NAME=VALUE` of the host. @returns the file, or undefined if the host uses no proxy. */
export function proxyFile(said: string): JobFile | undefined {
  const variables: Record<string, string> = {};
  for (const line of said.split('\n')) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(line) ?? [];
    const known = names.find((one) => one === name.toUpperCase());
    // The first one counts: it is from Docker's environment, which wins over its settings.
    if (
      known === undefined ||
      variables[known] !== undefined ||
      value.length > longest ||
      !isUsable(known, value)
    )
      continue;
    variables[known] = value;
  }
  if (variables['HTTP_PROXY'] === undefined && variables['HTTPS_PROXY'] === undefined) return undefined;
  return { path: '/run/job/proxy.json', content: JSON.stringify(variables), mode: 0o600 };
}

function isUsable(name: (typeof names)[number], value: string): boolean {
  if (/\p{C}/u.test(value)) return false;
  return name === 'NO_PROXY' || /^https?:$/.test(URL.parse(value)?.protocol ?? '');
}
