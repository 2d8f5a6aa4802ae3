/** An earlier build with a sandbox of its own, with its own images, for benchmarks that need a whole stack of it. */
import { join } from 'node:path';
import { Sandbox } from '../sandbox/index.ts';
import type { BenchmarkContext } from './benchmark.ts';
import { earlierCheckout, type EarlierBuild } from './earlier-checkout.ts';

export interface EarlierSandbox {
  /** For functions of that build. */
  readonly context: BenchmarkContext;
  /** Loads a module of that build. */
  load<T>(path: string): Promise<T>;
}

/** Is removed at the end. @returns why there is none, if the repository does not have the commit */
export async function earlierSandbox(
  context: BenchmarkContext,
  build?: EarlierBuild,
): Promise<EarlierSandbox | { readonly missing: string }> {
  const checkout = await earlierCheckout(build);
  if ('missing' in checkout) return checkout;
  const { progress } = context;
  context.atEnd(() => checkout.remove());
  const name = 'bench-earlier';
  context.atEnd(() => Sandbox.remove(name, progress));
  const load = async <T>(path: string): Promise<T> => (await import(join(checkout.directory, path))) as T;
  const { Sandbox: Earlier } = await load<{ Sandbox: typeof Sandbox }>('sandbox/index.ts');
  const sandbox = await Earlier.up({ name, hosts: [{ name: 'host-1' }], progress });
  return { context: { ...context, sandbox: () => Promise.resolve(sandbox) }, load };
}
