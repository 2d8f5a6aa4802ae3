/**
 * Faults in backups: every fault at every request of the second day's backup, which are the operator's look
 * at known chunks, the job's uploads and reads, and the operator's commit and proof. The backup ends
 * Completed and can be restored. Or it fails with a reason, has no manifest unless everything is there, and
 * the next try succeeds. The backup of the day before can always be restored.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Operation, RequestRecord } from '../../../sandbox/worm/types.ts';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import { blobFaults, type NamedFault } from './faults.ts';
import { check, checkNothingReplaced, checkTold } from '../oracles.ts';
import { firstID, secondID, type Scene, type Stage } from './stage.ts';

const errors = ['BlobError', 'InputError', 'JobError'];
const isManifest = (blob: string): boolean => blob.endsWith('/manifest.json');
/**
 * Jobs wait a minute for an answer, which is too long for a campaign. The operator's own calls are in the
 * other half.
 */
const faults = blobFaults.filter(({ fault }) => fault.kind !== 'Delay');

interface Site {
  readonly operation: Operation;
  readonly nth: number;
}

export async function backupCases(scene: Scene, form: CampaignForm): Promise<readonly CampaignCase[]> {
  const stage = await scene.stage();
  await scene.double.control.forgetRequests();
  await scene.makeBackup(stage, secondID, 1);
  const sites = sitesOf(await requestsOf(scene, stage));
  const all = sites.flatMap((site) =>
    faults.flatMap((fault) =>
      (['once', 'always'] as const).map((often) => ({
        name: `backup: ${fault.name} at ${site.operation} ${site.nth}, ${often}`,
        run: () => survive(scene, site, fault, often),
      })),
    ),
  );
  return form === 'long' ? all : all.filter((_, index) => index % 97 === 0);
}

function sitesOf(requests: readonly RequestRecord[]): readonly Site[] {
  const counts = new Map<Operation, number>();
  return requests.map(({ operation }) => {
    const nth = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, nth);
    return { operation, nth };
  });
}

export async function requestsOf(
  scene: Scene,
  { account, container }: Stage,
): Promise<readonly RequestRecord[]> {
  return await scene.double.control.requests({ account, container });
}

/** Does something while a fault happens at one of its requests. @returns also how to read the requests since its beginning. */
export async function duringFault<Result>(
  scene: Scene,
  stage: Stage,
  how: {
    readonly site: Site;
    readonly fault: NamedFault['fault'];
    readonly often: 'once' | 'always';
  },
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly since: () => Promise<readonly RequestRecord[]> }> {
  const { control } = scene.double;
  const { account, container } = stage;
  const { operation, nth } = how.site;
  const before = (await requestsOf(scene, stage)).length;
  const id = await control.faults.add({
    when: { account, container, operations: [operation] },
    nth,
    times: how.often === 'once' ? 1 : 'Always',
    fault: how.fault,
  });
  const result = await work();
  await control.faults.remove(id);
  return { result, since: async () => (await requestsOf(scene, stage)).slice(before) };
}

async function survive(
  scene: Scene,
  { operation, nth }: Site,
  { fault, nature }: NamedFault,
  often: 'once' | 'always',
): Promise<void> {
  const stage = await scene.stage();
  const { result: error, since } = await duringFault(
    scene,
    stage,
    { site: { operation, nth }, fault, often },
    () =>
      scene.makeBackup(stage, secondID, 1).then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
  );
  checkNothingReplaced(await since(), isManifest);
  if (error !== undefined) {
    const { message, reason } = checkTold(error, errors, stage.secrets);
    check(often === 'always' || nature !== 'Passing', `not tried again: ${message}`);
    // If a manifest got there before the failure, it is one of a whole backup. The next try adopts it, with
    // or without the job's result.
    await scene.makeBackup(stage, secondID, 2, reason === 'BackupIncomplete');
    checkNothingReplaced(await since(), isManifest);
  }
  check(
    isDeepStrictEqual(await scene.restore(stage, secondID, await scene.target()), await scene.pictureOf(1)),
    'what came back is not what was there',
  );
  check(
    isDeepStrictEqual(await scene.restore(stage, firstID, await scene.target()), await scene.pictureOf(0)),
    'the day before came back otherwise',
  );
}
