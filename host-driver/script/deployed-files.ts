/**
 * Reads what the host's script prints of the release that runs: its compose file and its secret files. The host may be anybody's
 * by now, so everything has a bound and a shape.
 */
import { createHash } from 'node:crypto';
import { HostError } from '../host.ts';
import type { DeployedFiles } from '../host.ts';

const mostFiles = 1000;
/** Of a secret that may have been generated. The script gives only the digest of a longer one. */
export const longestSecretBytes = 8192;
const longestComposeBytes = 1024 * 1024;

/** @returns undefined if nothing is deployed. @throws HostError HostStateInvalid, without a word of the contents. */
export function parseDeployedFiles(host: string, stdout: string): DeployedFiles | undefined {
  const invalid = (why: string): HostError =>
    new HostError('HostStateInvalid', host, `${host} gives files of the stack that cannot be used: ${why}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length === 0) return undefined;
  if (lines.length > mostFiles + 1) throw invalid(`more than ${mostFiles}`);
  let composeYaml: string | undefined;
  const secrets = new Map<string, string>();
  const digests = new Map<string, string>();
  for (const line of lines) {
    const [, long, sha256] = /^([0-9a-f]{64}) :([0-9a-f]{64})$/.exec(line) ?? [];
    if (long !== undefined && sha256 !== undefined) {
      digests.set(long, sha256);
      continue;
    }
    const [, name = '', encoded = ''] =
      /^(compose\.yaml|[0-9a-f]{64}) ([A-Za-z0-9+/]*={0,2})$/.exec(line) ?? [];
    const content = Buffer.from(encoded, 'base64');
    const limit = name === 'compose.yaml' ? longestComposeBytes : longestSecretBytes;
    if (name === '' || content.length === 0 || content.length > limit)
      throw invalid('one has no name or a wrong size');
    const text = content.toString('utf8');
    if (!Buffer.from(text).equals(content)) throw invalid('one is no text');
    if (name === 'compose.yaml') composeYaml ??= text;
    else if (digests.has(name)) throw invalid('one is there twice');
    else {
      secrets.set(name, text);
      digests.set(name, digestOf(text));
    }
  }
  if (composeYaml === undefined) throw invalid('there is no compose.yaml');
  return { composeYaml, secrets, digests };
}

/** SHA-256 of the content of each secret, by which the operator knows it again. */
export function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
