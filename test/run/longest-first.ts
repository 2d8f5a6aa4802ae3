/**
 * The order of test files: the long ones first, so that no core is idle while the last one runs. Vitest
 * knows durations only after a run on the same machine; before, it goes by the size of the file, which says
 * little.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Rounded seconds on two cores, of files that take more than a minute. A file that is missing here runs
 * later; no test fails.
 */
export const longFiles: Readonly<Record<string, number>> = {
  'test/integration/host-driver/contract.test.ts': 220,
  'test/integration/campaigns/world.test.ts': 200,
  'test/integration/toolbox/restore.test.ts': 200,
  'test/integration/toolbox/load.test.ts': 105,
  'test/integration/host-driver/host.test.ts': 95,
  'test/integration/host-driver/strange-hosts.test.ts': 90,
  'test/integration/host-driver/connection.test.ts': 80,
  'test/integration/web/looks.test.ts': 75,
  'test/integration/host-driver/docker-settings.test.ts': 70,
  'test/integration/toolbox/physical-backup.test.ts': 70,
  'test/e2e/mistakes.test.ts': 280,
  'test/e2e/life.test.ts': 270,
  'test/e2e/way-back.test.ts': 260,
  'test/e2e/databases.test.ts': 250,
  'test/e2e/backup.test.ts': 250,
  'test/e2e/relocation.test.ts': 220,
  'test/e2e/encrypted.test.ts': 210,
  'test/e2e/howto.test.ts': 200,
  'test/e2e/recovery.test.ts': 190,
  'test/e2e/upgrade.test.ts': 180,
  'test/e2e/drill.test.ts': 180,
  'test/e2e/encrypted-at-rest.test.ts': 170,
  'test/e2e/changes.test.ts': 155,
  'test/e2e/debian-12.test.ts': 135,
  'test/e2e/alerts.test.ts': 200,
  'test/e2e/crash.test.ts': 100,
  'test/e2e/demo.test.ts': 100,
  'test/e2e/host.test.ts': 95,
  'test/e2e/drift.test.ts': 95,
};

interface TestFile {
  readonly moduleId: string;
  readonly project: unknown;
}

/** Files of one project stay together, and in vitest's own order where nothing is known. */
export function longestFirst<File extends TestFile>(files: readonly File[], root: string): File[] {
  const seconds = ({ moduleId }: File): number => longFiles[relative(root, moduleId)] ?? 0;
  const projects = [...new Set(files.map(({ project }) => project))];
  return projects.flatMap((one) =>
    files.filter(({ project }) => project === one).toSorted((a, b) => seconds(b) - seconds(a)),
  );
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is a method of the sequencer, which returns a new list
    return longestFirst(await super.sort(files), this.ctx.config.root);
  }
}
