/** The Secret with a stack's generated credentials is lost while its data exist. With the very operator, in memory. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SecretValues } from '../../runtime/client/cluster.ts';
import { events, secrets } from '../../runtime/client/kinds.ts';
import { arrived, moveTo, newAddress } from '../../test/support/world/moves.ts';
import { aRelease, storeRelease } from '../../test/support/release-builder.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';
import {
  backupID,
  effects,
  installed,
  killedEverywhere,
  project,
  ready,
} from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';

vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const { signal: never } = new AbortController();
const key = { namespace: 'acme', name: 'main-credentials' };

const root = 'database-root-password';
const keys = 'database-keys';
/** Releases that want keys of encryption at rest, which those of the world do not. */
const encrypted = '3.44.1';
const later = '3.44.2';

function contents(world: World): Promise<SecretValues> {
  return world.cluster.getSecret(key.namespace, key.name, { signal: never });
}

async function entryOf(world: World, name: string): Promise<string | undefined> {
  if ((await world.cluster.find(secrets, key, { signal: never })) === undefined) return undefined;
  return (await contents(world)).find(name);
}

function password(world: World): Promise<string | undefined> {
  return entryOf(world, root);
}

async function worldWithKeys(): Promise<World> {
  const world = await World.create();
  const mounts = [{ name: root }, { name: keys }];
  for (const [version, before] of [
    [encrypted, '3.44.0'],
    [later, encrypted],
  ] as const) {
    const release = aRelease({ version, updatableFrom: [before] });
    await storeRelease(world.vendor, {
      ...release,
      secrets: [...release.secrets, { name: keys, kind: 'EncryptionKeys' }],
      components: release.components.map((component) =>
        component.name === release.database.component ? { ...component, secrets: mounts } : component,
      ),
    });
  }
  return world;
}

/** With an update policy whose window opens in some days. */
async function wantLater(world: World): Promise<void> {
  const inThreeDays = new Date(Date.now() + 3 * 86_400_000);
  const day = (['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const)[inThreeDays.getUTCDay()] ?? 'Sun';
  const window = { days: [day], start: '12:00', durationMinutes: 60, timeZone: 'UTC' };
  const { update } = (await world.stack()).spec;
  await world.change({ version: later, update: { ...update, windows: [window] } });
}

/** The file on the host that has this content has another one. */
function alterFile(world: World, content: string | undefined): void {
  const found = at(world);
  for (const [digest, release] of found?.releases ?? [])
    found?.releases.set(digest, {
      ...release,
      // Made when they are asked for, so they are no fields.
      composeYaml: release.composeYaml,
      start: release.start,
      files: release.files.map((file) =>
        file.content.toString() === content ? { ...file, content: Buffer.from('altered') } : file,
      ),
    });
}

async function isRecoveryTold(world: World): Promise<boolean> {
  const all = await world.cluster.list(events, {}, { signal: never });
  return all.some(({ reason: told }) => told === 'CredentialsRecovered');
}

/** A Ready stack whose Secret somebody deleted while no operator ran. */
async function bereft(): Promise<{ world: World; before: string | undefined; applied: string | undefined }> {
  const world = await installed(await World.create());
  await world.kill();
  const before = await password(world);
  await world.cluster.delete(secrets, key, {}, { signal: never });
  return { world, before, applied: at(world)?.state?.applied?.time };
}

function at(world: World) {
  return world.machine().projects.get(project);
}

async function reason(world: World): Promise<string | undefined> {
  return (await world.stack()).status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

function contentOf(values: SecretValues): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(values.keys.map((entry) => [entry, values.find(entry)]));
}

/** By an empty Secret, as the documentation says. */
async function agreeToNewPasswords(world: World): Promise<void> {
  const metadata = { ...key, labels: { 'jtel.de/stack': 'main' } };
  await world.cluster.create(secrets, { metadata, type: 'Opaque' } as never, { signal: never });
}

/** Puts a copy of the Secret, or a part of it, in its place. */
async function replaceSecret(
  world: World,
  copy: SecretValues,
  isCopied: (entry: string) => boolean = () => true,
): Promise<void> {
  const entries = Object.entries(contentOf(copy)).filter(([entry]) => isCopied(entry));
  const data = entries.map(([entry, value = '']) => [entry, Buffer.from(value).toString('base64')]);
  await world.cluster.delete(secrets, key, {}, { signal: never });
  await world.cluster.create(
    secrets,
    { metadata: { ...key, labels: copy.labels }, type: 'Opaque', data: Object.fromEntries(data) } as never,
    { signal: never },
  );
}

async function isStalled(world: World): Promise<boolean> {
  return (await world.stack()).status?.conditions?.some(({ type }) => type === 'Stalled') === true;
}

describe('lost credentials', () => {
  it('are read back from the host: the same password, no container started anew, an event', async () => {
    const { world, before, applied } = await bereft();
    const since = effects(world).length;
    world.start();
    await world.until(
      'the Secret',
      async () => (await password(world)) !== undefined && (await ready(world)),
    );
    expect(before).toMatch(/^.{32}$/);
    expect(await password(world)).toBe(before);
    expect(effects(world).slice(since)).toEqual(['claim', 'readDeployed']);
    expect(at(world)?.state?.applied?.time).toBe(applied);
    await world.until('the event', () => isRecoveryTold(world));
    const told = [
      ...(await world.cluster.list(events, {}, { signal: never })),
      (await world.stack()).status,
      world.audit,
    ];
    expect(JSON.stringify(told)).not.toContain(before);
  });

  it('that the host cannot give are waited for; nothing new is made until somebody agrees', async () => {
    const { world, before } = await bereft();
    const found = at(world);
    const releases = new Map(found?.releases);
    found?.releases.clear();
    const since = effects(world).length;
    world.start();
    await world.until('the loss to be told', async () => (await reason(world)) === 'CredentialsLost');
    expect(await password(world)).toBeUndefined();
    expect(new Set(effects(world).slice(since))).toEqual(new Set(['claim', 'readDeployed']));
    await world.until('the stack to be Stalled', async () => {
      const { phase, message } = (await world.stack()).status ?? {};
      return phase === 'Stalled' && message?.includes('acme/main-credentials') === true;
    });

    for (const [digest, release] of releases) found?.releases.set(digest, release);
    await world.until('the Secret', async () => (await password(world)) === before);
    await world.until('the stack to be Ready', () => ready(world));
  });

  it('are no loss any more once the Secret is put back from a copy', async () => {
    const world = await installed(await World.create());
    await world.kill();
    const copy = await world.cluster.getSecret(key.namespace, key.name, { signal: never });
    await world.cluster.delete(secrets, key, {}, { signal: never });
    at(world)?.releases.clear();
    world.start();
    await world.until('the loss to be told', async () => (await world.stack()).status?.phase === 'Stalled');
    await replaceSecret(world, copy);
    await world.until(
      'the stack to be Ready, and no longer Stalled',
      async () =>
        (await ready(world)) && (await reason(world)) !== 'CredentialsLost' && !(await isStalled(world)),
    );
    expect((await world.stack()).status?.message ?? '').not.toContain('is gone');
  });

  it('are read from the host that a stack is moved away from', async () => {
    const { world, before } = await bereft();
    world.machine(newAddress).withoutDocker();
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect(await password(world)).toBe(before);
  });

  it('are new ones where the old host of a move is away for good, and only with consent to that', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID });
    await world.kill();
    const before = await password(world);
    await world.cluster.delete(secrets, key, {}, { signal: never });
    world.machine(newAddress).withoutDocker();
    world.machine().unreachable = 'HostUnreachable';
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the question', async () => (await reason(world)) === 'RelocationNeedsOldHost');
    expect(await password(world)).toBeUndefined();
    await world.change({ relocation: { source: 'RecoverFromBackup' } });
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect(await password(world)).not.toBe(before);
  });

  it('of which one entry is gone are read back, too', async () => {
    const world = await installed(await World.create());
    await world.kill();
    const before = await world.cluster.getSecret(key.namespace, key.name, { signal: never });
    await replaceSecret(world, before, (entry) => entry !== 'database-root-password');
    const since = effects(world).length;
    world.start();
    await world.until('the entry', async () => (await password(world)) !== undefined && (await ready(world)));
    const after = await world.cluster.getSecret(key.namespace, key.name, { signal: never });
    expect(contentOf(after)).toEqual(contentOf(before));
    expect(effects(world).slice(since)).toEqual(['claim', 'readDeployed']);
  });

  it('of which entries are gone are read back while an update waits: its secrets are not new ones', async () => {
    const world = await installed(await worldWithKeys(), { version: encrypted });
    await world.kill();
    const before = await contents(world);
    await replaceSecret(world, before, (name) => name !== root && name !== keys);
    await wantLater(world);
    const since = effects(world).length;
    world.start();
    await world.until(
      'the entries, and the update to wait',
      async () =>
        (await entryOf(world, keys)) !== undefined &&
        (await world.stack()).status?.conditions?.some(({ reason: is }) => is === 'WaitingForWindow') ===
          true,
    );
    expect(contentOf(await contents(world))).toEqual(contentOf(before));
    expect(effects(world).slice(since)).toEqual(['claim', 'readDeployed']);
  });

  it('that the host cannot give while an update waits are not made anew, and nothing else is lost', async () => {
    const world = await installed(await worldWithKeys(), { version: encrypted });
    await world.kill();
    const before = await contents(world);
    alterFile(world, before.find(keys));
    await replaceSecret(world, before, (name) => name !== keys);
    await wantLater(world);
    world.start();
    await world.until('the loss to be told', async () => (await reason(world)) === 'CredentialsLost');
    expect(await entryOf(world, keys)).toBeUndefined();
    await replaceSecret(world, before);
    await world.until(
      'the stack to go on',
      async () => (await reason(world)) !== 'CredentialsLost' && !(await isStalled(world)),
    );
  });

  it('that an update brings are made, which is no recovery', async () => {
    const world = await installed(await worldWithKeys());
    const before = await password(world);
    const { update } = (await world.stack()).spec;
    await world.change({ version: encrypted, update: { ...update, preUpdateBackup: 'Skip' } });
    await world.until(
      'the update',
      async () => (await ready(world)) && (await world.stack()).status?.version === encrypted,
    );
    expect(await entryOf(world, keys)).toMatch(/^1;[0-9a-f]{64}\n$/);
    expect(await password(world)).toBe(before);
    expect(await isRecoveryTold(world)).toBe(false);
  });

  it('are made anew where somebody agreed with an empty Secret, except for the keys that the host has', async () => {
    const world = await installed(await worldWithKeys(), { version: encrypted });
    await world.kill();
    const before = await contents(world);
    alterFile(world, before.find(root));
    await world.cluster.delete(secrets, key, {}, { signal: never });
    world.start();
    await world.until('the loss to be told', async () => (await reason(world)) === 'CredentialsLost');
    await agreeToNewPasswords(world);
    await world.until('new ones', async () => (await password(world)) !== undefined);
    expect(await password(world)).not.toBe(before.find(root));
    expect(await entryOf(world, keys)).toBe(before.find(keys));
    await world.until('the stack to be Ready', () => ready(world));
  });

  it('are made anew where somebody agreed with an empty Secret', async () => {
    const { world, before } = await bereft();
    at(world)?.releases.clear();
    world.start();
    await world.until('the loss to be told', async () => (await reason(world)) === 'CredentialsLost');
    await agreeToNewPasswords(world);
    await world.until('new ones', async () => (await password(world)) !== undefined);
    expect(await password(world)).not.toBe(before);
    await world.until('the stack to be Ready', () => ready(world));
  });

  it('are not made anew while the host does not answer', async () => {
    const { world, before } = await bereft();
    world.machine().unreachable = 'HostUnreachable';
    world.start();
    await world.until(
      'the host to be missed',
      async () => (await world.stack()).status?.phase === 'Unreachable',
    );
    expect(await password(world)).toBeUndefined();
    world.machine().unreachable = undefined;
    await world.until('the Secret', async () => (await password(world)) === before);
  });

  it('come back the same wherever the operator is killed', async () => {
    const passwords = new Map<World, string | undefined>();
    const results = await killedEverywhere(
      async () => {
        const { world, before } = await bereft();
        passwords.set(world, before);
        return world;
      },
      async (world) => {
        const now = await password(world);
        if (now !== undefined && now !== passwords.get(world))
          throw new Error('a new password over old data');
        return now !== undefined && (await ready(world));
      },
    );
    for (const { endState } of results) expect(endState).toEqual(results[0]?.endState);
    expect(results.length).toBeGreaterThan(3);
  });
});
