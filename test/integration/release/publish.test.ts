/**
 * The vendor's build process, as it is: the program itself, an image registry that wants a password, an Azure
 * blob service.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { runOperatorCommand } from '../../../operator/commands/program.ts';
import { verifyRelease } from '../../../operator/commands/release/inspect.ts';
import { ReleaseSource } from '../../../controllers/inputs/release-source.ts';
import { renderHere } from '../../../release/render-here.ts';
import { startAzurite, type Azurite } from '../../support/azurite.ts';
import { registryUser, startFakeRegistry, type FakeRegistry } from '../../support/registry.ts';
import { aRenderInput } from '../../support/release-builder.ts';
import { temporaryRelease, type TemporaryRelease } from '../../support/release-directory.ts';

const { signal } = new AbortController();
const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

let azurite: Azurite;
let registry: FakeRegistry;
let directory: TemporaryRelease;
let secrets: string;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.location('releases');
  registry = await startFakeRegistry({ authentication: 'token' });
  directory = await temporaryRelease(registry);
  secrets = await mkdtemp(join(tmpdir(), 'jtel-secrets-'));
  const { endpoint, accountName, accountKey } = azurite;
  await writeFile(join(secrets, 'store.json'), JSON.stringify({ endpoint, accountName, accountKey }), {
    mode: 0o600,
  });
  await writeFile(join(secrets, 'registry'), `${registryUser.password}\n`, { mode: 0o600 });
  await writeFile(join(secrets, 'signing.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  await writeFile(join(secrets, 'public.pem'), publicKey);
});
afterAll(async () => {
  await rm(secrets, { recursive: true });
  await directory[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const storeOptions = (container = 'releases'): readonly string[] => [
  '--endpoint',
  azurite.endpoint,
  '--container',
  container,
  '--prefix',
  'vendor/one',
  '--credentials-file',
  join(secrets, 'store.json'),
];

/**
 * Runs in this process, because the machine is small: when it is busy, a start of the program takes seconds.
 */
async function jtelOperator(...argv: readonly string[]): Promise<Ended> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const terminal = {
    print: (line: string) => stdout.push(line),
    note: (line: string) => stderr.push(line),
    signal,
  };
  const code = await runOperatorCommand(['release', ...argv], terminal);
  return { code, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
}

async function program(...argv: readonly string[]): Promise<Ended> {
  const file = fileURLToPath(new URL('../../../operator/bin/jtel-operator', import.meta.url));
  return await promisify(execFile)(process.execPath, [file, ...argv]).then(
    (output) => ({ code: 0, ...output }),
    (error: unknown) => error as Ended,
  );
}

function publishArguments(...further: readonly string[]): readonly string[] {
  const registryOptions = [
    '--registry',
    registry.host,
    '--insecure-registry',
    '--registry-user',
    registryUser.username,
  ];
  const files = [
    '--registry-password-file',
    join(secrets, 'registry'),
    '--signing-key-file',
    join(secrets, 'signing.pem'),
  ];
  return ['publish', directory.path, ...registryOptions, ...files, ...storeOptions(), ...further];
}

const publish = async (...further: readonly string[]): Promise<Ended> =>
  await jtelOperator(...publishArguments(...further));

describe('a release', () => {
  it('is published, found, verified, and rendered by an operator that demands the signature', async () => {
    expect(await publish('--dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^would publish release 3\.43\.2/),
    });
    expect(await jtelOperator('list', ...storeOptions())).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'the store has no release',
    });

    const first = await program('release', ...publishArguments('-o', 'json'));
    expect(first.stderr).toContain('[1/5] image jtel/acd-dbm:3.43.2 is sha256:');
    expect(JSON.parse(first.stdout)).toMatchObject({
      version: '3.43.2',
      outcome: 'Published',
      signed: true,
      files: 3,
    });
    expect(first.stdout + first.stderr).not.toMatch(
      new RegExp([registryUser.password, azurite.accountKey, 'PRIVATE'].join('|')),
    );

    expect(await publish()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^already published: release 3\.43\.2/),
    });
    expect((await jtelOperator('list', ...storeOptions())).stdout).toMatch(/^3\.43\.2 +\d{4}-\d\d-\d\dT/);
    expect(
      await jtelOperator(
        'verify',
        '3.43.2',
        ...storeOptions(),
        '--public-key-file',
        join(secrets, 'public.pem'),
      ),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^release 3\.43\.2 is whole: 3 files, 19\d\.\d KiB, sha256:/),
    });

    const store = azureBlobStore(await azurite.location('releases', 'vendor/one'), azurite.credentials);
    const { release, templates } = await new ReleaseSource({ publicKey }).load(store, '3.43.2', {
      namespace: 'acme',
      signal,
    });
    const rendered = renderHere(aRenderInput({ release, templates }));
    expect(rendered.composeYaml).toContain(`${registry.host}/jtel/acd-web@sha256:`);
    expect(rendered.files.map((file) => String(file.content))).toContain(
      'server acd-web-1 acd-web-1:8080\nserver acd-web-2 acd-web-2:8080\n',
    );
  });

  it('with data too big for memory is verified through a URL', async () => {
    await publish();
    const store = azureBlobStore(await azurite.location('releases', 'vendor/one'), azurite.credentials);
    const terminal = { print: () => undefined, note: () => undefined, signal };
    expect(await verifyRelease(store, '3.43.2', { inMemoryBytes: 0 }, terminal)).toMatchObject({ files: 3 });
  });

  it('cannot be changed once it is published', async () => {
    await publish();
    await directory.change({ updatableFrom: ['3.40.0'] });
    expect(await publish()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('differs in: updatableFrom'),
    });
    await directory.change({});
  });
});

describe('what fails says what to do', () => {
  it('a wrong password at the registry', async () => {
    await writeFile(join(secrets, 'wrong'), 'wrong-canary', { mode: 0o600 });
    const ended = await publish('--registry-password-file', join(secrets, 'wrong'));
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('refuses the credentials for image jtel/acd-dbm:3.43.2'),
    });
    expect(ended.stderr).not.toContain('wrong-canary');
  });

  it('a container that is not there', async () => {
    const message = 'container missing does not exist';
    expect(await jtelOperator('list', ...storeOptions('missing'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(message),
    });
    expect(await program('release', 'list', ...storeOptions('missing'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(message),
    });
  });

  it('a version that the store lacks', async () => {
    await publish();
    expect(await jtelOperator('verify', '9.9.9', ...storeOptions())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the store has 3.43.2'),
    });
  });
});
