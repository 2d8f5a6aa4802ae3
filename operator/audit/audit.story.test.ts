/** The whole operator in memory: nothing is done to a host, or written to a store, that the audit log does not tell. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { annotations, stackKind } from '../../crds/index.ts';
import { ready, stackOf } from '../../test/support/world/restores.ts';
import { killAll, reading, stackKey, World } from '../../test/support/world/world.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { DecisionLine, EffectLine, RequestLine, WriteLine } from './lines.ts';

const { signal: never } = new AbortController();

afterEach(killAll);

function effects(world: World): readonly EffectLine[] {
  return world.audit.filter((line) => line.type === 'Effect');
}

function requests(world: World): readonly RequestLine[] {
  return world.audit.filter((line) => line.type === 'Request');
}

function decisions(world: World): readonly DecisionLine[] {
  return world.audit.filter((line) => line.type === 'Decision');
}

function writes(world: World): readonly WriteLine[] {
  return world.audit.filter((line) => line.type === 'Write');
}

function changesOf(world: World): readonly string[] {
  return world
    .machine()
    .calls.map(({ method }) => String(method))
    .filter((method) => !reading.has(method))
    .toSorted();
}

function told(world: World, of: (line: EffectLine) => boolean): readonly string[] {
  return effects(world)
    .filter(of)
    .map(({ action }) => action)
    .toSorted();
}

function isBegun({ outcome }: EffectLine): boolean {
  return outcome === 'Begun';
}

async function installed(): Promise<World> {
  const world = await World.create();
  await world.apply(stackOf({ version: '3.43.1', deletionPolicy: 'Destroy' }));
  world.start();
  await world.until('the stack to be Ready', () => ready(world));
  return world;
}

describe('the audit log of an installation, an update and a deletion', () => {
  it('has every effect on the host with its end, and what it was done for', async () => {
    const world = await installed();
    await world.change({ version: '3.43.2' });
    await world.until(
      'the update',
      async () => (await world.stack()).status?.version === '3.43.2' && (await ready(world)),
    );
    const live = await world.stack();
    const consent = { [annotations.confirmDestroy]: live.metadata.uid };
    await world.cluster.patchAnnotations(stackKind, live, consent, { signal: never });
    await world.cluster.delete(stackKind, stackKey, {}, { signal: never });
    await waitFor('the object to go', async () => (await world.find()) === undefined, {
      intervalMilliseconds: 2,
    });
    await world.kill();

    const done = changesOf(world);
    expect(done).toContain('composeUp');
    expect(done).toContain('destroy');
    expect(told(world, isBegun)).toEqual(done);
    expect(told(world, (line) => !isBegun(line))).toEqual(done);
    const update = effects(world).find(
      ({ action, about }) => action === 'composeUp' && about?.[0] === '3.43.2',
    );
    expect(update).toMatchObject({
      host: '192.0.2.10',
      namespace: 'acme',
      name: 'main',
      project: 'jtel-acme-main',
    });
    expect(update?.epoch).toBeGreaterThan(0);

    const written = (world.operator?.log ?? []).filter((entry) => entry === 'before create blob').length;
    expect(written).toBeGreaterThan(0);
    const created = writes(world).filter(({ action }) => action === 'create');
    for (const outcome of ['Begun', 'Done'])
      expect(created.filter((line) => line.outcome === outcome)).toHaveLength(written);
    const manifests = [...world.customer.blobs.keys()].filter((name) => name.endsWith('/manifest.json'));
    expect(manifests.length).toBeGreaterThan(0);
    for (const blob of manifests)
      expect(writes(world)).toContainEqual(
        expect.objectContaining({
          action: 'create',
          blob,
          namespace: 'acme',
          name: 'customer',
          outcome: 'Done',
        }),
      );

    const page = await readFile(join(import.meta.dirname, '../../docs/audit.md'), 'utf8');
    const documented = new Set(
      [...page.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = '']) => names.split(', ')),
    );
    const used = new Set(world.audit.flatMap((line) => Object.keys(line)));
    expect([...used].filter((name) => !documented.has(`\`${name}\``))).toEqual([]);

    const ofStack = requests(world).filter(({ kind }) => kind === 'JtelStack');
    expect(ofStack.map(({ request }) => request)).toEqual([
      'Created',
      'Changed',
      'Consent',
      'Deletion',
      'Gone',
    ]);
    const asked = requests(world).find(({ kind }) => kind === 'JtelBackup');
    expect(asked).toMatchObject({ request: 'Created', name: 'main-pre-update-2' });
    expect(decisions(world)).toContainEqual(
      expect.objectContaining({ decision: 'Begin', operationType: 'Update', from: '3.43.1', to: '3.43.2' }),
    );
    expect(decisions(world)).toContainEqual(
      expect.objectContaining({ kind: 'JtelBackup', decision: 'Phase', to: 'Completed' }),
    );
  });

  it('has the effect in whose middle the process was killed', async () => {
    let cutShort = 0;
    for (let crashAt = 12; crashAt < 24; crashAt++) {
      const world = await World.create();
      await world.apply(stackOf());
      world.start(crashAt);
      await world.until('a crash', () => false);
      await world.kill();
      const [begun, done] = [told(world, isBegun), told(world, ({ outcome }) => outcome === 'Done')];
      expect(begun).toEqual(expect.arrayContaining([...changesOf(world)]));
      cutShort += begun.length - done.length;
    }
    expect(cutShort).toBeGreaterThan(0);
  });
});
