/**
 * The way to the store where the host goes out through an HTTP proxy. The customary variables are in a file
 * beside the job's spec, because they may hold a password. Node's own clients use them: CONNECT for https
 * addresses, no proxy for what NO_PROXY names.
 */
import { readFile, unlink } from 'node:fs/promises';
import { setGlobalProxyFromEnv } from 'node:http';
import type { AgentOptions } from 'node:http';
import { JobError } from './job-error.ts';

const proxyPath = '/run/job/proxy.json';
let wayOut: AgentOptions['proxyEnv'];

/** For agents of one's own. Node's agents and fetch know the proxy already. Undefined: connect directly. */
export function proxyEnvironment(): AgentOptions['proxyEnv'] {
  return wayOut;
}

/**
 * Reads the file, if there is one, and sends everything of this thread through the proxy.
 * @throws {JobError} SpecInvalid
 */
export async function takeProxy(path = proxyPath): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  await unlink(path);
  try {
    const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = JSON.parse(text) as Readonly<
      Record<string, string | undefined>
    >;
    const variables = { HTTP_PROXY, HTTPS_PROXY, NO_PROXY };
    setGlobalProxyFromEnv(variables);
    wayOut = variables;
  } catch {
    // The cause is left out: its message may quote the password.
    const form = 'http://HOST:PORT or https://HOST:PORT, with user and password percent-encoded';
    throw new JobError('SpecInvalid', `the proxy of the host cannot be used: it must be ${form}`);
  }
}
