import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress } from '../../kit/progress.ts';
import { downloadKubernetes } from './kubernetes-download.ts';
import { buildArguments, isRecentGo } from './go-build.ts';
import { binaryNames, ensureKubernetes, kubernetesProgram, pinnedVersion } from './kubernetes.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubernetes-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the Kubernetes binaries', () => {
  it('come from the cache when it has them all', async () => {
    const version = await pinnedVersion();
    await putBinaries(join(directory, version), 'cached', binaryNames);
    const found = await ensureKubernetes(noDocker, silentProgress, {
      assets: undefined,
      cache: directory,
      origin: 'http://127.0.0.1:1',
    });
    expect(found).toEqual({ directory: join(directory, version), version });
  });

  it('come from KUBEBUILDER_ASSETS, and what those lack from the download of the same version', async () => {
    const assets = join(directory, 'assets');
    await putBinaries(assets, 'echo Kubernetes v1.35.9', ['kube-apiserver', 'kubectl']);
    await using downloads = await serve((path) =>
      /^\/v1.35.9\/bin\/linux\/\w+\/kube-controller-manager$/.test(path) ? 'manager' : undefined,
    );
    const found = await ensureKubernetes(noDocker, silentProgress, {
      assets,
      cache: join(directory, 'cache'),
      origin: downloads.origin,
    });
    expect(found.version).toBe('v1.35.9');
    expect((await readdir(found.directory)).toSorted()).toEqual([...binaryNames].toSorted());
    expect(await readFile(join(found.directory, 'kube-controller-manager'), 'utf8')).toBe('manager');
  });

  it('are refused when they are not what was published', async () => {
    await using downloads = await serve(() => 'forged', 'published');
    const file = join(directory, 'kubectl');
    await expect(
      downloadKubernetes('v1.37.2', 'kubectl', file, silentProgress, downloads.origin),
    ).rejects.toThrow(/has SHA-256 .* not used/);
  });

  it('are not downloaded when the origin cannot be reached or lacks the version', async () => {
    const file = join(directory, 'kubectl');
    expect(await downloadKubernetes('v1.37.2', 'kubectl', file, silentProgress, 'http://127.0.0.1:1')).toBe(
      false,
    );
    await using downloads = await serve(() => undefined);
    expect(await downloadKubernetes('v1.37.2', 'kubectl', file, silentProgress, downloads.origin)).toBe(
      false,
    );
  });

  it('are built from the pinned modules with the version they say', () => {
    expect(buildArguments(kubernetesProgram('v1.37.2', 'kubectl'), '/out/kubectl')).toEqual([
      'build',
      '-v',
      '-mod=readonly',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      '-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2',
      '-o',
      '/out/kubectl',
      'k8s.io/kubernetes/cmd/kubectl',
    ]);
  });

  it('are built with a Go that can fetch the tool chain it needs', () => {
    expect(isRecentGo('go version go1.26.8 linux/amd64')).toBe(true);
    expect(isRecentGo('go version go1.21.0 linux/arm64')).toBe(true);
    expect(isRecentGo('go version go1.19.8 linux/amd64')).toBe(false);
  });
});

function noDocker(): Promise<never> {
  return Promise.reject(new Error('nothing should be built'));
}

async function putBinaries(into: string, script: string, names: readonly string[]): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const name of names) await writeFile(join(into, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Serves files with their digests; `digestOf` replaces all digests by those of another text. */
async function serve(
  content: (path: string) => string | undefined,
  digestOf?: string,
): Promise<{ origin: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const body = content(path.replace(/\.sha256$/, ''));
    if (body === undefined) return void response.writeHead(404).end();
    const digest = createHash('sha256')
      .update(digestOf ?? body)
      .digest('hex');
    return void response.end(path.endsWith('.sha256') ? digest : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
