/** Who we are to the API server, as of now: files are read again, because tokens and certificates are rotated under us. */
import { readFile } from 'node:fs/promises';
import type { ClusterAccess, Login, Material } from './kubeconfig.ts';

/** The kubelet renews a token when 80 % of its hour are over: a minute late is early enough. */
const KEEP_SECONDS = 60;

/** Gives the login for the next call; files are read at most once a minute. */
export function loginOf(access: ClusterAccess): () => Promise<Login> {
  let kept: { readonly login: Login; readonly time: number } | undefined;
  let delegate: Promise<() => Promise<Login>> | undefined;
  return async () => {
    const { delegatedLogin } = access;
    if (delegatedLogin !== undefined) {
      delegate ??= import('./delegated-login.ts').then((module) => module.delegatedLogin(delegatedLogin));
      return (await delegate)();
    }
    const now = performance.now() / 1000;
    if (kept !== undefined && now - kept.time < KEEP_SECONDS) return kept.login;
    kept = { login: await readLogin(access), time: now };
    return kept.login;
  };
}

async function readLogin(access: ClusterAccess): Promise<Login> {
  const [ca, cert, key, token] = await Promise.all(
    [access.certificateAuthority, access.clientCertificate, access.clientKey, access.token].map(textOf),
  );
  return { headers: headersOf(access, token), tls: { ca, cert, key } };
}

function headersOf({ basic, impersonate }: ClusterAccess, token: string | undefined): Record<string, string> {
  const credentials =
    basic === undefined ? undefined : Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
  return {
    ...(credentials === undefined ? {} : { authorization: `Basic ${credentials}` }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }),
    ...(impersonate === undefined ? {} : { 'impersonate-user': impersonate }),
  };
}

async function textOf(material: Material | undefined): Promise<string | undefined> {
  if (material === undefined) return undefined;
  return 'text' in material ? material.text : readFile(material.file, 'utf8');
}
