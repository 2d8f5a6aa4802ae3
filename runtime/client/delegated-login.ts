/**
 * Logging in with a program or a cloud's identity (exec plug-ins, OIDC …) as client-node knows it. Loaded only when a
 * kubeconfig asks for it: in a pod, where the operator runs, it costs no memory.
 */
import type { ClusterAccess, Login } from './kubeconfig.ts';

/** A way to log in that client-node works out anew for each call (it keeps what is still valid). */
export async function delegatedLogin({
  files,
  context,
}: NonNullable<ClusterAccess['delegatedLogin']>): Promise<() => Promise<Login>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const [first, ...others] = files;
  if (first !== undefined) config.loadFromFile(first);
  for (const file of others) {
    const more = new KubeConfig();
    more.loadFromFile(file);
    config.mergeConfig(more, true);
  }
  config.setCurrentContext(context);
  return async () => {
    const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
    await config.applyToHTTPSOptions(options);
    const headers = Object.entries(options.headers ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    );
    return {
      headers: {
        ...Object.fromEntries(headers),
        ...(typeof options.auth === 'string'
          ? { authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` }
          : {}),
      },
      tls: { ca: pem(options.ca), cert: pem(options.cert), key: pem(options.key) },
    };
  };
}

function pem(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}
