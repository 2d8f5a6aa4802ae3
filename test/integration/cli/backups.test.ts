/**
 * `kubectl jtel backup …` against a real API server and a real blob server that have, or lost, what they
 * should.
 */
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { aStack } from '../../../controllers/stack/testing.ts';
import { backupKind, stackKind, type JtelBackupStatus, type JtelStack } from '../../../crds/index.ts';
import { secrets } from '../../../runtime/index.ts';
import { call } from '../../support/cluster.ts';
import type { PluginRun } from '../../support/plugin.ts';
import { newSigner, testSigner } from '../../support/signing.ts';
import { waitFor } from '../../support/wait.ts';
import {
  azurite,
  cluster,
  identity,
  jtel,
  newer,
  object,
  older,
  put,
  stack,
  storeFor,
  withBackups,
} from './backups-fixture.ts';

withBackups('plugin-backup');

/** Acts as somebody who has all rights to the account. */
function containerOf(name: string): ReturnType<BlobServiceClient['getContainerClient']> {
  return new BlobServiceClient(
    azurite.endpoint,
    new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
  ).getContainerClient(name);
}

/** What the operator would write once somebody requested the backup. */
async function tell(name: string, status: JtelBackupStatus): Promise<void> {
  const key = { namespace: cluster.namespace, name };
  await waitFor(`JtelBackup ${name}`, () => cluster.client.find(backupKind, key, call()));
  await cluster.client.applyStatus(backupKind, key, status, {}, call());
}

describe('backup list', () => {
  it('reads the store, newest first', async () => {
    const { code, out } = await jtel(['backup', 'list', 'acme']);
    expect(code).toBe(0);
    expect(out.indexOf(newer)).toBeLessThan(out.indexOf(older));
    expect(out).toMatch(new RegExp(`${older}.*Stored +3\\.43\\.1`));
  });

  it('works in a cluster that has nothing but the store', async () => {
    expect(
      (await jtel(['backup', 'list', '--store', 'customer', '--identity', identity, '-o', 'json'])).out,
    ).toContain(newer);
    // The stack is gone. Its name still gives its default identity.
    await cluster.client.delete(stackKind, { namespace: cluster.namespace, name: 'acme' }, {}, call());
    expect((await jtel(['backup', 'list', 'acme', '--store', 'customer'])).out).toContain(newer);
    expect(await jtel(['backup', 'list', 'acme'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--store'),
    });
    await stack('acme', 'customer');
  });

  it('shows what the cluster knows beside it: under way, failed, believed and not there', async () => {
    await object('acme-known', { phase: 'Completed', backupID: newer, identity });
    await object('acme-running', { phase: 'Running', progress: '45%', startTime: '2026-03-03T02:00:00Z' });
    await object('acme-lost', { phase: 'Completed', backupID: '20260101t020000z-00000c', identity });
    const { out } = await jtel(['backup', 'list', 'acme']);
    expect(out).toMatch(new RegExp(`${newer}.*Stored.*acme-known`));
    expect(out).toMatch(/acme-running.*Running 45%/);
    expect(out).toMatch(/20260101t020000z-00000c.*Missing.*The store has no manifest/);
  });

  it('reads no more than asked for, and says how many there are', async () => {
    const { out, err } = await jtel(['backup', 'list', 'acme', '--limit', '1']);
    expect(out).not.toContain(older);
    expect(err).toContain('1 older');
  });

  it('does not let one broken manifest hide the others', async () => {
    await storeFor('spoilt');
    await put('spoilt', { backupID: older });
    const names = await put('spoilt', { backupID: newer, content: 'other' });
    const manifest = names.find((name) => name.endsWith('manifest.json')) ?? '';
    await containerOf('spoilt').getBlockBlobClient(manifest).upload('{', 1);
    const { out } = await jtel(['backup', 'list', 'acme', '--store', 'spoilt']);
    expect(out).toMatch(new RegExp(`${newer}.*Unusable`));
    expect(out).toMatch(new RegExp(`${older}.*Stored`));
  });

  it('says of each whether we signed it, and prints the keys that count', async () => {
    const stranger = newSigner();
    await storeFor('signed');
    await put('signed', { backupID: older, signer: 'Nobody' });
    await put('signed', { backupID: newer, signer: stranger, content: 'other' });
    const list = await jtel(['backup', 'list', 'acme', '--store', 'signed']);
    expect(list.out).toMatch(new RegExp(`${older}.*Unsigned`));
    expect(list.out).toMatch(new RegExp(`${newer}.*Untrusted`));
    expect((await jtel(['backup', 'show', 'acme', older, '--store', 'signed'])).out).toContain('not signed');
    const verified = await jtel(['backup', 'verify', 'acme', newer, '--store', 'signed']);
    expect(verified).toMatchObject({ code: 1, err: expect.stringContaining(stranger.keyID) });
    const keys = await jtel(['backup', 'keys', '--store', 'signed', '-o', 'json']);
    expect(JSON.parse(keys.out)).toEqual({ trustedKeys: [testSigner.publicKey] });
    expect((await jtel(['backup', 'keys', 'acme'])).out).toContain(
      `${testSigner.publicKey}  ${testSigner.keyID}`,
    );
  });

  it('counts the packs, and those that an interrupted try left behind', async () => {
    await storeFor('packs');
    const lost =
      (await put('packs', { backupID: older, packs: 2 })).find((blob) => blob.includes('/packs-')) ?? '';
    await put('packs', { backupID: newer, content: 'other', packs: 3 });
    const list = (...more: readonly string[]): Promise<PluginRun> =>
      jtel(['backup', 'list', 'acme', '--store', 'packs', '--packs', ...more]);
    expect((await list()).out).toMatch(/^packs: 5 of \d+ B, each used by a complete backup$/m);
    const leftBehind = `${identity}/packs/20260302/${'f'.repeat(64)}`;
    await containerOf('packs').getBlockBlobClient(leftBehind).upload('left behind', 11);
    expect((await list()).out).toMatch(
      /^packs: 6 of \d+ B; no complete backup uses 1 of them \(11 B, .*acme-running/m,
    );
    // Counts the backups that are not shown, too.
    expect(JSON.parse((await list('--limit', '1', '-o', 'json')).out)).toMatchObject({
      kind: 'List',
      packs: { count: 6, unused: { count: 1, bytes: 11 }, unreadable: [] },
    });
    await containerOf('packs').getBlockBlobClient(lost).delete();
    expect((await list()).out).toMatch(
      new RegExp(`packs: 6 of .* is unknown, .*${older}.*its list of packs is missing`),
    );
  });

  it('says which store it cannot open, and never shows its key', async () => {
    await storeFor('refused');
    await cluster.client.apply(
      secrets,
      {
        metadata: { namespace: cluster.namespace, name: 'refused' },
        stringData: {
          endpoint: azurite.endpoint,
          accountName: azurite.accountName,
          accountKey: 'd3Jvbmcga2V5',
        },
      },
      call(),
    );
    const { code, err } = await jtel(['backup', 'list', 'acme', '--store', 'refused']);
    expect(code).toBe(1);
    expect(err).toContain('refused');
    expect(err).not.toContain('d3Jvbmcga2V5');
    expect(await jtel(['backup', 'list', 'acme', '--store', 'nowhere'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not exist'),
    });
  });
});

describe('backup show', () => {
  it('tells of the newest, of a backupID, and of an object', async () => {
    expect((await jtel(['backup', 'show', 'acme'])).out).toContain(newer);
    expect((await jtel(['backup', 'show', 'acme', older])).out).toMatch(/database +Physical/);
    expect((await jtel(['backup', 'show', 'acme', 'acme-known'])).out).toContain(
      'JtelBackup acme-known, Completed',
    );
    expect(JSON.parse((await jtel(['backup', 'show', 'acme', older, '-o', 'json'])).out)).toMatchObject({
      backupID: older,
      release: { version: '3.43.1' },
    });
  });

  it('says what there is instead of what is not', async () => {
    expect(await jtel(['backup', 'show', 'acme', '20250101t000000z-000000'])).toMatchObject({
      code: 1,
      err: expect.stringContaining(newer),
    });
    expect(await jtel(['backup', 'show', 'acme', 'acme-running'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is Running, not Completed'),
    });
    expect((await jtel(['backup', 'show', 'acme', '../../x'])).code).toBe(2);
  });
});

describe('backup verify', () => {
  it('proves that everything is there, and with --read that it is what was written', async () => {
    const { code, out } = await jtel(['backup', 'verify', 'acme', 'latest', '--read']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /✔ every pack is there .*3, [^]*✔ every part of the index[^]*✔ every pack was read[^]*is whole/,
    );
  });

  it.each([
    ['a pack is missing', '/packs/', 'Delete'],
    ['a pack has other content', '/packs/', 'Change'],
    ['the index has other content', '/index-', 'Change'],
  ] as const)('fails when %s', async (what, part, damage) => {
    const name = `damaged-${what.replaceAll(' ', '-')}`;
    await storeFor(name);
    const damaged = (await put(name, { backupID: newer })).find((blob) => blob.includes(part)) ?? '';
    const blob = containerOf(name).getBlockBlobClient(damaged);
    const content = await blob.downloadToBuffer();
    content[0] = (content[0] ?? 0) ^ 1;
    await (damage === 'Delete' ? blob.delete() : blob.upload(content, content.length));
    const { code, out, err } = await jtel(['backup', 'verify', 'acme', 'latest', '--store', name]);
    expect(code).toBe(1);
    expect(err).toContain(damaged.split('/').at(-1));
    expect(out).not.toContain('is whole');
  });
});

describe('backup create', () => {
  it('asks for a backup and goes', async () => {
    const { code, err } = await jtel(['backup', 'create', 'acme', '--verify', 'Restore'], {
      now: new Date('2026-03-03T04:05:06Z'),
    });
    expect(code).toBe(0);
    expect(err).toContain('JtelBackup acme-manual-20260303t040506z created');
    const created = await cluster.client.get(
      backupKind,
      { namespace: cluster.namespace, name: 'acme-manual-20260303t040506z' },
      call(),
    );
    expect(created.spec).toEqual({ stackRef: { name: 'acme' }, trigger: 'Manual', verify: 'Restore' });
  });

  it('waits with progress in view, and ends as the backup does', async () => {
    let notes = '';
    const onNote = (text: string): void => void (notes = text);
    const waiting = jtel(['backup', 'create', 'acme', '--name', 'acme-waits', '--wait'], { onNote });
    await tell('acme-waits', { phase: 'Running', progress: '30%', message: '1.0 GiB of 3.0 GiB' });
    await waitFor('the progress', () => notes.includes('30 % Running'));
    await tell('acme-waits', { phase: 'Completed', backupID: newer, totalBytes: 2 ** 30 });
    expect(await waiting).toMatchObject({
      code: 0,
      out: expect.stringContaining(`backup ${newer} is complete`),
    });
    const failing = jtel(['backup', 'create', 'acme', '--name', 'acme-fails', '--wait']);
    await tell('acme-fails', { phase: 'Failed', message: 'the host was lost' });
    expect(await failing).toMatchObject({ code: 1, out: expect.stringContaining('the host was lost') });
  });

  it('leaves the backup running when the person stops waiting, and says so', async () => {
    const interrupt = new AbortController();
    let notes = '';
    const waiting = jtel(['backup', 'create', 'acme', '--name', 'acme-left', '--wait'], {
      signal: interrupt.signal,
      onNote: (text) => (notes = text),
    });
    await tell('acme-left', { phase: 'Running', message: 'at it' });
    await waitFor('it to wait', () => notes.includes('at it'));
    interrupt.abort(new Error('Ctrl-C'));
    expect(await waiting).toMatchObject({
      code: 1,
      err: expect.stringContaining('acme-left continues without you'),
    });
    expect(
      await cluster.client.find(backupKind, { namespace: cluster.namespace, name: 'acme-left' }, call()),
    ).toBeDefined();
  });

  it('says so where the stack has no store for it', async () => {
    const { apiVersion, kind, spec } = aStack();
    await cluster.client.create(
      stackKind,
      { apiVersion, kind, metadata: { namespace: cluster.namespace, name: 'bare' }, spec } as JtelStack,
      call(),
    );
    expect(await jtel(['backup', 'create', 'bare'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no spec.backup'),
    });
  });
});
