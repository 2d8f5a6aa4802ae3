/** A published version as it was: its operator, its CRDs and its toolbox, from the commit that it was made from. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import published from '../../packaging/published.json' with { type: 'json' };
import { nodeImage } from '../../kit/base-image.ts';
import { checkOut, type Checkout } from '../../kit/checkout.ts';
import { buildImage } from '../../kit/image.ts';
import { run } from '../../kit/process.ts';
import type { Sandbox } from '../../sandbox/index.ts';

const dockerfile = 'toolbox/Dockerfile';

export interface EarlierRelease extends Checkout {
  /** Its toolbox in the sandbox's registry, as its operator gets it. */
  readonly toolbox: string;
}

export async function earlierRelease(
  sandbox: Sandbox,
  version: keyof typeof published,
): Promise<EarlierRelease> {
  const checkout = await checkOut([published[version]]);
  if ('missing' in checkout) throw new Error(`${checkout.missing}: a shallow clone cannot try the upgrade`);
  try {
    const context = await mkdtemp(join(sandbox.directory, 'earlier-toolbox-'));
    const tag = `jtel/toolbox:${version}`;
    try {
      const assemble = join(checkout.directory, 'images/contexts.ts');
      await run([process.execPath, assemble, 'toolbox', join(context, 'ready')]);
      await cp(join(checkout.directory, dockerfile), join(context, dockerfile));
      await buildImage(sandbox.docker, {
        tag,
        context,
        dockerfile: join(context, dockerfile),
        bases: [nodeImage],
        buildArgs: { BASE: nodeImage },
      });
    } finally {
      await rm(context, { recursive: true, force: true });
    }
    const pushed = await sandbox.registry.push(tag, 'jtel/toolbox', version);
    return { ...checkout, toolbox: `${pushed.repository}:${pushed.tag}@${pushed.digest}` };
  } catch (error) {
    await checkout.remove();
    throw error;
  }
}
