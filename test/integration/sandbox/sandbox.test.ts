/** Holds the sandbox, which all other tests of the real world rely on, to what it promises. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { baseImage, Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { waitFor } from '../../support/wait.ts';
import { onHost } from './remote.ts';

const options = {
  name: `${process.env['JTEL_SANDBOX'] || 'test'}-sandbox`,
  hosts: [{ name: 'host-1', diskMiB: 1024 }],
  kubeconfig: undefined,
};
let sandbox: Sandbox;
beforeAll(async () => {
  await Sandbox.remove(options.name);
  sandbox = await Sandbox.up(options);
});
afterAll(() => Sandbox.remove(options.name));

describe('a sandbox', () => {
  it('that is up is adopted as it is by another `up`', async () => {
    const ids = async (): Promise<string[]> =>
      (await sandbox.docker.containers(options.name)).map(({ Id }) => Id).toSorted();
    const before = await ids();
    await Sandbox.up(options);
    expect(await ids()).toEqual(before);
  });

  it('refuses to make a host into another machine', async () => {
    const other = { ...options, only: ['hosts' as const], hosts: [{ name: 'host-1', diskMiB: 2048 }] };
    await expect(Sandbox.up(other)).rejects.toThrow(
      /Host host-1 .* is there already, but as another machine .*1024 MiB/,
    );
  });

  it('can be attached to, and tells when there is none', async () => {
    expect((await Sandbox.attach(options.name)).host('host-1').hostKeyFingerprint).toBe(
      sandbox.host('host-1').hostKeyFingerprint,
    );
    await expect(Sandbox.attach('nowhere')).rejects.toThrow(
      /There is no sandbox "nowhere".*make sandbox-up SANDBOX=nowhere/,
    );
  });
});

describe('an image', () => {
  it('is built once for its content, and replaces the one before', async () => {
    const context = await mkdtemp(join(tmpdir(), 'image-'));
    const tags = async (): Promise<string> =>
      sandbox.docker.run(['images', '--format', '{{.Tag}}', 'jtel-sandbox/image-test']);
    const build = async (content: string): Promise<boolean> => {
      await writeFile(join(context, 'Dockerfile'), `FROM ${baseImage}\nCOPY file /file\n`);
      await writeFile(join(context, 'file'), content);
      return (await sandbox.buildImage({ tag: 'jtel-sandbox/image-test:1', context, bases: [baseImage] }))
        .built;
    };
    try {
      expect([await build('one'), await build('one'), await build('two')]).toEqual([true, false, true]);
      expect((await tags()).split('\n')).toHaveLength(2);
    } finally {
      await rm(context, { recursive: true });
      await sandbox.docker.run([
        'rmi',
        ...(await tags()).split('\n').map((tag) => `jtel-sandbox/image-test:${tag}`),
      ]);
    }
  });
});

describe('a compose host', () => {
  it('runs a service from the registry, with its health check and its limits', async () => {
    const { repository, digest } = await sandbox.registry.push(baseImage, 'test/box', '1.0');
    const compose = {
      services: {
        box: {
          image: `${repository}@${digest}`,
          command: ['sleep', 'infinity'],
          init: true,
          mem_limit: '64m',
          healthcheck: { test: ['CMD', 'test', '-d', '/tmp'], interval: '1s' },
        },
      },
    };
    const { container } = sandbox.host('host-1');
    const login = [
      'docker',
      'login',
      '--username',
      sandbox.registry.username,
      '--password-stdin',
      sandbox.registry.address,
    ];
    await sandbox.docker.exec(container, login, { input: sandbox.registry.password });
    await sandbox.docker.exec(
      container,
      ['docker', 'compose', '-p', 'box', '-f', '-', 'up', '-d', '--wait'],
      { input: stringify(compose) },
    );
    const inspected = await onHost(
      sandbox.host('host-1'),
      "docker inspect -f '{{.State.Health.Status}} {{.HostConfig.Memory}}' box-box-1",
    );
    expect(inspected).toBe(`healthy ${64 * 1024 * 1024}`);
    expect(
      await onHost(sandbox.host('host-1'), 'docker exec box-box-1 getent hosts azurite.sandbox'),
    ).toContain('azurite.sandbox');
  });

  it('is reached by a person with ssh, who is asked nothing', async () => {
    const { docker, directory, network, ssh } = sandbox;
    const { container } = sandbox.host('host-1');
    const image = (await docker.run(['inspect', '--format', '{{.Image}}', container])).trim();
    // The machine may have no ssh; the host's image has.
    const mount = `type=bind,src=${directory},dst=${directory},readonly`;
    const once = ['--rm', '--network', network, '--mount', mount, '--entrypoint', 'ssh'];
    const command = ['-F', ssh.config, '-o', 'BatchMode=yes', 'host-1', 'hostname'];
    expect((await docker.run(['run', ...once, image, ...command])).trim()).toBe('host-1');
  });

  it('is the same machine after a reboot', async () => {
    const identity = 'cat /etc/machine-id; docker image ls -q | sort';
    const before = await onHost(sandbox.host('host-1'), identity);
    await sandbox.faults('host-1').reboot();
    expect(await onHost(sandbox.host('host-1'), identity)).toBe(before);
  });

  it('is silent while it is cut off, and back when it is mended', async () => {
    await sandbox.faults('host-1').cut();
    await expect(onHost(sandbox.host('host-1'), 'true', 1000)).rejects.toThrow(/timed out/i);
    await sandbox.faults('host-1').mend();
    await expect(onHost(sandbox.host('host-1'), 'echo back')).resolves.toBe('back');
  });

  it('has a disk that fills up, without filling the machine', async () => {
    const write = 'sudo dd if=/dev/zero of=/opt/jtel/file bs=64k count=1 conv=fsync';
    await sandbox.faults('host-1').fill();
    await expect(onHost(sandbox.host('host-1'), write)).rejects.toThrow(/No space left on device/);
    await sandbox.faults('host-1').free();
    await expect(onHost(sandbox.host('host-1'), write)).resolves.toContain('1+0 records out');
  });

  it('is refused by those who know it when its host key changes', async () => {
    const before = sandbox.host('host-1');
    await sandbox.faults('host-1').changeHostKey();
    await expect(onHost(before, 'true')).rejects.toThrow(/host denied|verification failed/i);
    await sandbox.refresh();
    await expect(onHost(sandbox.host('host-1'), 'echo known')).resolves.toBe('known');
  });
});

describe('the registry', () => {
  it('lets nobody in without the password', async () => {
    expect((await fetch(`${sandbox.registry.url}/v2/`)).status).toBe(401);
  });

  it('has no manifest for a tag that was removed', async () => {
    const { digest } = await sandbox.registry.push(baseImage, 'test/gone', '1.0');
    await sandbox.registry.remove('test/gone', digest);
    expect(await sandbox.registry.manifest('test/gone', '1.0')).toBeUndefined();
  });
});

describe('blob storage', () => {
  it('has the same address on the machine and on a host, and keeps strangers out', async () => {
    const list = `${sandbox.blob.customer.endpoint}/backups?restype=container&comp=list`;
    expect((await fetch(list)).status).toBe(403);
    const status = await onHost(sandbox.host('host-1'), `curl -s -o /dev/null -w '%{http_code}' '${list}'`);
    expect(status).toBe('403');
  });

  it('keeps a customer’s backups from being changed, lists what was tried, and fails when it is told to', async () => {
    const { customer } = sandbox.blob;
    const store = azureBlobStore(customer, {
      kind: 'AccountKey',
      accountName: customer.account,
      accountKey: customer.key,
    });
    const { signal } = new AbortController();
    const name = `kept/${Date.now()}`;
    await store.create(name, Buffer.from('kept'), 'text/plain', signal);
    expect(await store.proveImmutable(name, signal)).toMatchObject({
      overwrite: 'Refused',
      delete: 'Refused',
    });
    const attempts = await sandbox.blob.requests({
      account: 'customer',
      blob: name,
      operations: ['PutBlob', 'DeleteBlob'],
    });
    expect(attempts.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'PutBlob 201',
      'PutBlob 409',
      'DeleteBlob 409',
    ]);
    const id = await sandbox.blob.faults.add({
      when: { account: 'customer', blob: name },
      times: 'Always',
      fault: { kind: 'Status', status: 403 },
    });
    await expect(store.read(name, 10, signal)).rejects.toMatchObject({ reason: 'StoreCredentialsRefused' });
    await sandbox.blob.faults.remove(id);
  });

  it('has more customers when they are asked for, with containers under any rule', async () => {
    const acme = await sandbox.blob.account('acme');
    expect(await sandbox.blob.account('acme')).toEqual(acme);
    const credentials = { kind: 'AccountKey', accountName: acme.account, accountKey: acme.key } as const;
    const { signal } = new AbortController();
    const kept = azureBlobStore(acme, credentials);
    const open = azureBlobStore(await sandbox.blob.container(acme, 'open', { kind: 'None' }), credentials);
    for (const store of [kept, open]) await store.create('x', Buffer.from('x'), 'text/plain', signal);
    expect(await kept.policy(signal)).toMatchObject({ hasImmutabilityPolicy: true });
    expect(await open.proveImmutable('x', signal)).toMatchObject({ overwrite: 'Allowed' });
  });
});

describe('the control plane', () => {
  it('collects what a deleted owner leaves behind, and runs Jobs up to the pod', async () => {
    const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once', namespace: 'default' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'none' }] } } },
    };
    await kubectl.apply([job]);
    const pods = ['get', 'pods', '-n', 'default', '-l', 'job-name=once'];
    const phase = ['-o', 'jsonpath={.items[*].status.phase}'];
    await waitFor('the pod of the job', async () => (await kubectl.run([...pods, ...phase])) === 'Pending');
    await kubectl.run(['delete', 'job', 'once', '-n', 'default', '--cascade=background', '--wait=false']);
    expect(
      await waitFor(
        'the pod to be collected',
        async () => (await kubectl.run([...pods, '-o', 'name'])) === '',
      ),
    ).toBe(true);
  });

  it('gives a user just the rights that RBAC gives, and writes down what was asked', async () => {
    const kubeconfig = join(sandbox.directory, 'nobody.kubeconfig');
    const user = 'system:serviceaccount:default:nobody';
    await writeFile(kubeconfig, await sandbox.controlPlane.kubeconfigFor({ commonName: user }), {
      mode: 0o600,
    });
    const refused = await (await Kubectl.find(kubeconfig)).tryRun(['get', 'secrets', '-n', 'kube-system']);
    expect(refused.stderr).toMatch(
      /User "system:serviceaccount:default:nobody" cannot list resource "secrets"/,
    );
    const asked = (await sandbox.controlPlane.auditLog()).filter(
      (event) => event.user.username === user && event.objectRef?.resource === 'secrets',
    );
    expect(asked.map(({ verb, responseStatus }) => [verb, responseStatus?.code])).toEqual([['list', 403]]);
  });

  it('can be reached by name from inside the network', async () => {
    const status = await onHost(
      sandbox.host('host-1'),
      "curl -sk -o /dev/null -w '%{http_code}' https://control-plane.sandbox:6443/readyz",
    );
    expect(status).toBe('200');
  });
});
