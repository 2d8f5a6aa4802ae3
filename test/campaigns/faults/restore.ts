/**
 * Faults in restores: every fault at every request that a restore makes, and one changed byte in every part
 * of a stored backup. Either the restored data are what was stored, or the restore is refused and the old
 * data are still there.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import { duringFault, requestsOf } from './backup.ts';
import { blobFaults, type NamedFault } from './faults.ts';
import { check, checkNothingReplaced, checkTold } from '../oracles.ts';
import { firstID, type Scene, type Stage } from './stage.ts';
import type { Operation } from '../../../sandbox/worm/types.ts';
import { picture } from '../../support/backup/restore-builder.ts';

const errors = ['BlobError', 'InputError', 'JobError'];
const faults = blobFaults.filter(({ fault }) => fault.kind !== 'Delay');

export async function restoreCases(scene: Scene, form: CampaignForm): Promise<readonly CampaignCase[]> {
  const stage = await scene.stage();
  const before = (await requestsOf(scene, stage)).length;
  await scene.restore(stage, firstID, await scene.target());
  const counts = new Map<Operation, number>();
  for (const { operation } of (await requestsOf(scene, stage)).slice(before))
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const faulty = [...counts].flatMap(([operation, count]) =>
    Array.from({ length: count }, (_, index) => index + 1).flatMap((nth) =>
      faults.flatMap((fault) =>
        (['once', 'always'] as const).map((often) => ({
          name: `restore: ${fault.name} at ${operation} ${nth}, ${often}`,
          run: () => survive(scene, operation, nth, fault, often),
        })),
      ),
    ),
  );
  // Public keys lie there for people. No restore reads them, because no key in the store counts.
  const read = [...scene.stored.keys()].filter((name) => !name.includes('/signing-keys/'));
  const changed = read.flatMap((name) => changesOf(scene, name));
  return form === 'long'
    ? [...faulty, ...changed]
    : [...faulty.filter((_, index) => index % 89 === 0), ...changed.filter((_, index) => index % 17 === 0)];
}

/** A target with a customer's data in it. The data must stay unless everything new is whole. */
async function occupied(scene: Scene): Promise<string> {
  const target = await scene.target();
  await writeFile(join(target, 'old.txt'), 'what the customer has');
  return target;
}

/** Restores. True when the result is what was stored; false when it was refused and nothing was lost. */
async function restoreOrRefuse(scene: Scene, stage: Stage): Promise<boolean> {
  const target = await occupied(scene);
  const before = await picture(target);
  try {
    const restored = await scene.restore(stage, firstID, target);
    check(isDeepStrictEqual(restored, await scene.pictureOf(0)), 'what came back is not what was stored');
    return true;
  } catch (error) {
    checkTold(error, errors, stage.secrets);
    check(
      isDeepStrictEqual(await picture(target), before),
      `what was there is gone: ${(await readdir(target)).join(', ')}`,
    );
    return false;
  }
}

async function survive(
  scene: Scene,
  operation: Operation,
  nth: number,
  { fault, nature }: NamedFault,
  often: 'once' | 'always',
): Promise<void> {
  const stage = await scene.stage();
  const { result: restored, since } = await duringFault(
    scene,
    stage,
    { site: { operation, nth }, fault, often },
    () => restoreOrRefuse(scene, stage),
  );
  check(restored || often === 'always' || nature !== 'Passing', 'not tried again');
  const made = await since();
  checkNothingReplaced(made);
  check(
    made.every((each) => each.operation !== 'PutBlob'),
    'a restore wrote to the store',
  );
  check(await restoreOrRefuse(scene, stage), 'refused although nothing was wrong any more');
}

/** Changes one part of the backup in every way that storage or an intruder could. */
function changesOf(scene: Scene, name: string): readonly CampaignCase[] {
  const blob = scene.stored.get(name) ?? Buffer.alloc(0);
  const offsets = [
    ...new Set(
      [0, 1, 1 / 7, 1 / 3, 1 / 2, 5 / 6].map((part) =>
        part === 1 ? blob.length - 1 : Math.floor(blob.length * part),
      ),
    ),
  ];
  // A manifest that is forged as a whole, with its MD5, is still a manifest. Only immutability and the digest
  // in a JtelBackup tell it from another.
  const mayStand = name.endsWith('/manifest.json');
  const stored = (what: string, change: (blob: Buffer) => Buffer | undefined): CampaignCase => ({
    name: `restore: ${name}, ${what}`,
    run: async () => {
      const stage = await scene.stage({ kind: 'None' }, (each, content) =>
        each === name ? change(content) : content,
      );
      check(!(await restoreOrRefuse(scene, stage)) || mayStand, 'not refused');
    },
  });
  return [
    ...offsets.flatMap((offset) => [
      stored(`byte ${offset} stored otherwise`, (content) => flipped(content, offset)),
      {
        name: `restore: ${name}, byte ${offset} flipped on its way`,
        run: () => refuseOnTheWay(scene, name, offset),
      },
    ]),
    stored('missing', () => undefined),
    stored('one byte short', (content) => content.subarray(0, -1)),
    stored('one byte more', (content) => Buffer.concat([content, Buffer.from([0])])),
    stored('empty', () => Buffer.alloc(0)),
  ];
}

async function refuseOnTheWay(scene: Scene, name: string, offset: number): Promise<void> {
  const stage = await scene.stage();
  const { account, container } = stage;
  const blob = `^${name.replaceAll('.', '\\.')}$`;
  await scene.double.control.faults.add({
    when: { account, container, blob, operations: ['GetBlob'] },
    times: 'Always',
    fault: { kind: 'Flip', offset },
  });
  check(!(await restoreOrRefuse(scene, stage)), 'not refused');
}

function flipped(content: Buffer, offset: number): Buffer {
  const changed = Buffer.from(content);
  changed[offset] = (changed[offset] ?? 0) ^ 1;
  return changed;
}
