/**
 * One stack meets every mistake that a person can make. Each is reported with a stable reason and a message
 * that names the thing. Then it is put right, and the stack goes on from there until it is Ready.
 */
import { generateKeyPairSync } from 'node:crypto';
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Release } from '../../release/generated/release.ts';
import { dockerConfig } from '../../sandbox/installation/examples.ts';
import { signAsVendor } from '../../sandbox/installation/releases.ts';
import { waitFor } from '../support/wait.ts';
import { Stage } from './stage.ts';

const namespace = 'mistakes';
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, host: { diskMiB: 8192 } });
  await stage.startOperator(['--resync-seconds', '5']);
  await stage.apply({ version: '3.99.9' });
});

afterAll(() => stage.close());

async function applySecret(
  name: string,
  stringData: Readonly<Record<string, string>>,
  type = 'Opaque',
): Promise<void> {
  await stage.kubectl.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, stringData },
  ]);
}

function vendorStore(): ContainerClient {
  const { endpoint, account, key, container } = stage.sandbox.blob.vendor;
  return new ContainerClient(`${endpoint}/${container}`, new StorageSharedKeyCredential(account, key));
}

/** A release like 3.43.2 with one image that the registry does not have. */
function publishReleaseWithoutImage(version: string): Promise<void> {
  return publishRelease(version, (release) => ({
    ...release,
    components: release.components.map((component) =>
      component.name === 'acd-tel1'
        ? { ...component, image: { ...component.image, digest: `sha256:${'0'.repeat(64)}` } }
        : component,
    ),
  }));
}

/** A release that differs from another one in something, and is signed. */
async function publishRelease(
  version: string,
  bend: (release: Release) => Release,
  like = '3.43.2',
): Promise<void> {
  await publishUnsigned(version, bend, like);
  await signRelease(version);
}

async function signRelease(version: string): Promise<void> {
  const client = vendorStore();
  const manifest = await client.getBlobClient(`releases/${version}/release.json`).downloadToBuffer();
  const signature = await signAsVendor(stage.sandbox, manifest);
  await client.getBlockBlobClient(`releases/${version}/release.json.sig`).upload(signature, signature.length);
}

async function publishUnsigned(
  version: string,
  bend: (release: Release) => Release,
  like: string,
): Promise<void> {
  const client = vendorStore();
  for await (const { name } of client.listBlobsFlat({ prefix: `releases/${like}/` })) {
    if (name.endsWith('.sig')) continue;
    let content = await client.getBlobClient(name).downloadToBuffer();
    if (name.endsWith('/release.json')) {
      content = Buffer.from(
        JSON.stringify(bend({ ...(JSON.parse(content.toString()) as Release), version })),
      );
    }
    await client
      .getBlockBlobClient(name.replace(`releases/${like}/`, `releases/${version}/`))
      .upload(content, content.length);
  }
}

describe('a stack with a mistake', () => {
  it('in its version is told which versions there are', async () => {
    const { message } = await stage.condition('ReleaseAvailable', 'ReleaseNotFound');
    expect(message).toContain('3.99.9');
    expect(message).toContain('3.43.2');
    await stage.patchSpec({ version: '3.43.2' });
  });

  it('in the name of its SSH Secret is told the name and the field', async () => {
    await stage.patchSpec({ host: { sshSecretRef: { name: 'nobody-made-me' } } });
    const { message } = await stage.condition('Ready', 'SecretNotFound');
    expect(message).toMatch(/mistakes\/nobody-made-me.*spec\.host\.sshSecretRef/);
  });

  it('in its SSH key is told that the key is refused, and by whom', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    await applySecret('wrong-key', { 'ssh-privatekey': privateKey });
    await stage.patchSpec({ host: { sshSecretRef: { name: 'wrong-key' } } });
    const { message } = await stage.condition('HostReachable', 'AuthenticationFailed');
    expect(message).toContain(stage.host.address);
    await stage.patchSpec({ host: { sshSecretRef: { name: 'acme-ssh' } } });
  });

  it('in the host key is stopped before anything is sent, and told both fingerprints', async () => {
    await stage.patchSpec({ host: { hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`] } });
    const { message } = await stage.condition('HostReachable', 'HostKeyMismatch');
    expect(message).toContain(stage.host.hostKeyFingerprint);
    await stage.patchSpec({ host: { hostKeyFingerprints: [stage.host.hostKeyFingerprint] } });
  });

  it('in its address is told that nobody answers there', async () => {
    const nobody = stage.host.address.replace(/\d+$/, '250');
    await stage.patchSpec({ host: { address: nobody } });
    const { message } = await stage.condition('HostReachable', 'HostUnreachable');
    expect(message).toContain(nobody);
    await stage.patchSpec({ host: { address: stage.host.address } });
  });

  it('in its size is told what the host lacks', async () => {
    await stage.patchSpec({ size: 'Large' });
    const { message } = await stage.condition('Preflight', 'HostTooSmall');
    expect(message).toMatch(/2 cores.*needs 16/);
  });

  it('in its registry password is told who refused whom; the password is not told', async () => {
    const password = 'this-is-not-the-password';
    await applySecret(
      'wrong-registry',
      { '.dockerconfigjson': dockerConfig(stage.sandbox, password) },
      'kubernetes.io/dockerconfigjson',
    );
    await stage.patchSpec({ size: 'Small', imagePullSecretRef: { name: 'wrong-registry' } });
    const { message } = await stage.condition('Ready', 'RegistryRefused');
    expect(message).toContain(stage.sandbox.registry.address);
    expect(await stage.operator?.log()).not.toContain(password);
  });

  it('in the release is told which image the registry does not have', async () => {
    await publishReleaseWithoutImage('3.43.9');
    await stage.patchSpec({ imagePullSecretRef: { name: 'registry' }, version: '3.43.9' });
    const { message } = await stage.condition('Ready', 'ImageNotFound');
    expect(message).toContain('acd-tel1');
  });

  it('in an environment variable is told the variable and the key that the Secret lacks', async () => {
    await stage.patchSpec({
      version: '3.43.2',
      components: [
        {
          name: 'acd-web',
          env: [{ name: 'TOKEN', valueFrom: undefined, secretKeyRef: { name: 'registry', key: 'token' } }],
        },
      ],
    });
    const { message } = await stage.condition('Ready', 'SecretInvalid');
    expect(message).toMatch(/mistakes\/registry.*token/);
  });

  it('in a component is told that the release has none of that name', async () => {
    await stage.patchSpec({ components: [{ name: 'acd-fax' }] });
    const { message } = await stage.condition('Ready', 'SpecInvalid');
    expect(message).toContain('acd-fax');
  });

  it('becomes Ready once all are put right', async () => {
    await stage.patchSpec({ components: null });
    const { status } = await stage.untilReady();
    expect(status).toMatchObject({ version: '3.43.2', componentsReady: '8/8' });
  });
});

describe('a stack that runs keeps running, and is looked after, when its spec is changed to', () => {
  const refused: readonly (readonly [
    string,
    Record<string, unknown>,
    Parameters<Stage['condition']>,
    RegExp,
  ])[] = [
    [
      'an older version',
      { version: '3.43.1' },
      ['UpToDate', 'DowngradeRefused'],
      /3\.43\.2 keeps running.*JtelRestore/,
    ],
    [
      'a release that is not there',
      { version: '3.98.0' },
      ['ReleaseAvailable', 'ReleaseNotFound'],
      /3\.98\.0.*3\.43\.2/,
    ],
    [
      'a release whose manifest is damaged',
      { version: '3.97.0' },
      ['ReleaseAvailable', 'ReleaseInvalid'],
      /3\.97\.0/,
    ],
    [
      'a release that cannot update its data',
      { version: '5.0.0' },
      ['UpToDate', 'UpdateNotSupported'],
      /3\.43\.2.*5\.0\.0/,
    ],
    [
      'more replicas than the component allows',
      { components: [{ name: 'acd-dbm', replicas: 2 }] },
      ['UpToDate', 'SpecInvalid'],
      /acd-dbm/,
    ],
    [
      'one without a component that another needs',
      { components: [{ name: 'acd-task-runner', state: 'Disabled' }] },
      ['UpToDate', 'SpecInvalid'],
      /acd-task-runner/,
    ],
    ['a size that the host is too small for', { size: 'Large' }, ['Preflight', 'HostTooSmall'], /needs 16/],
  ];

  beforeAll(async () => {
    await publishRelease('5.0.0', (release) => ({ ...release, updatableFrom: ['>=4.9.0 <5.0.0'] }));
    await publishRelease('3.97.0', (release) => ({ ...release, components: [] }));
  });

  it.each(refused)('%s', async (_, spec, [type, reason], message) => {
    const before = await stage.containers();
    await stage.patchSpec(spec);
    const told = await stage.condition(type, reason);
    expect(told).toMatchObject({ status: 'False', message: expect.stringMatching(message) });
    expect(await stage.containers()).toEqual(before);
    await stage.condition('Available', 'Serving');
    await stage.onHost(['docker', 'rm', '-f', before.get('acd-tel1') ?? '']);
    await waitFor(
      'the container that somebody removed',
      async () => (await stage.containers()).has('acd-tel1'),
      { timeoutSeconds: 90 },
    );
    await stage.patchSpec({ version: '3.43.2', size: 'Small', components: null });
    await stage.untilReady();
  });

  it('one whose images do not fit on the disk', async () => {
    const before = await stage.containers();
    await stage.sandbox.faults(namespace).fill();
    await stage.patchSpec({ version: '4.0.0', update: { preUpdateBackup: 'Skip' } });
    const { message } = await stage.condition('Ready', 'DiskFull', 120);
    expect(message).toContain(stage.host.address);
    expect(await stage.containers()).toEqual(before);
    await stage.sandbox.faults(namespace).free();
    expect((await stage.untilReady(300)).status).toMatchObject({ version: '4.0.0' });
  });

  it('a release that is not signed, until it is; its containers have only the rights that it lists', async () => {
    await publishUnsigned('4.0.1', withListedRights, '4.0.0');
    const before = await stage.containers();
    await stage.patchSpec({ version: '4.0.1' });
    const { message } = await stage.condition('ReleaseAvailable', 'ReleaseInvalid');
    expect(message).toMatch(/4\.0\.1.*sign/);
    expect(await stage.containers()).toEqual(before);

    await signRelease('4.0.1');
    // Until the operator looks again, the stack is ready with the release before.
    await waitFor('the signed release', async () => (await stage.stack()).status?.version === '4.0.1', {
      timeoutSeconds: 300,
    });
    await stage.untilReady(300);
    const format = '{{json .HostConfig.CapDrop}} {{json .HostConfig.SecurityOpt}}';
    const inspect = ['docker', 'inspect', '--format', format, ...(await stage.containers()).values()];
    const rights = new Set((await stage.onHost(inspect)).trim().split('\n'));
    expect([...rights]).toEqual(['["ALL"] ["no-new-privileges:true"]']);
  });
});

/** Format 2: without their lists, no container could change its user. */
function withListedRights(release: Release): Release {
  const steppingDown = ['SETGID', 'SETUID'] as const;
  const ofDatabase = [...steppingDown, 'CHOWN', 'DAC_OVERRIDE', 'FOWNER'] as const;
  return {
    ...release,
    formatVersion: 2,
    updatableFrom: ['>=4.0.0 <4.0.1'],
    components: release.components.map((component) => ({
      ...component,
      capabilities: [...(component.name.startsWith('acd-db') ? ofDatabase : steppingDown)],
    })),
  };
}
