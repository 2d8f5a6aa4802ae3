/**
 * Runs once for all end-to-end tests: brings up the sandbox with the product published in it, so that each
 * file adds only its hosts. To check all images and releases again took each file a quarter of a minute.
 */
import type { TestProject } from 'vitest/node';
import { Sandbox, lineProgress } from '../../sandbox/index.ts';
import { installAccess } from '../../sandbox/installation/operator.ts';
import {
  publishCheckedRelease,
  publishDatabaseReleases,
  publishProduct,
} from '../../sandbox/installation/releases.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Image of the toolbox. */
    readonly toolbox: string;
  }
}

export const sandboxName = process.env['JTEL_SANDBOX'] || 'test';

export default async function setUp(project: TestProject): Promise<void> {
  const progress = lineProgress();
  const sandbox = await Sandbox.up({ name: sandboxName, progress });
  const { toolbox } = await publishProduct(sandbox, progress);
  await publishDatabaseReleases(sandbox, progress);
  await publishCheckedRelease(sandbox, progress);
  await installAccess(sandbox);
  project.provide('toolbox', toolbox);
}
