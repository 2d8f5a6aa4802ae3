/** The command with an API server in this process; `test/integration/cli/doctor.test.ts` has a real one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { wantedKinds } from '../../doctor/cluster.ts';
import { startAPIDouble, type APIDouble } from '../../test/support/api-double.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../test/support/plugin.ts';

let api: APIDouble;
let requests: string[];
/** By path; others are not found. */
let answers: Record<string, unknown>;

const review = (kind: string): string => `/apis/authorization.k8s.io/v1/${kind}subjectaccessreviews`;

// A call loads the whole work, which takes seconds on a busy machine and is not what is tested here.
beforeAll(async () => void (await import('./doctor.ts')), 60_000);
beforeEach(async () => {
  requests = [];
  answers = {
    '/version': { gitVersion: 'v1.34.2' },
    '/apis/jtel.de': { versions: [{ version: 'v1alpha1' }] },
    '/apis/jtel.de/v1alpha1': {
      resources: wantedKinds.map((name) => ({ name })),
    },
    [review('self')]: { status: { allowed: true } },
    [review('')]: { status: { allowed: false } },
  };
  api = await startAPIDouble((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://server');
    requests.push(`${request.method} ${pathname}`);
    request.resume();
    const answer = answers[pathname];
    if (answer === 'never') return;
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? { reason: 'NotFound', message: 'not \u001b[2J found' }));
  });
});
afterEach(() => api.close());

function doctor(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  return kubectlJtel(['doctor', ...argv], { kubeconfig: api.kubeconfig, ...options });
}

describe('doctor', () => {
  it('without a stack has a verdict for each check of cluster and operator, in 80 columns', async () => {
    const { code, out, err } = await doctor([], { columns: 80 });
    expect(code).toBe(1);
    const lines = stripVTControlCharacters(out).split('\n');
    expect(lines.filter((line) => /^[A-Z]\w+$/.test(line))).toEqual(['Cluster', 'Operator']);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(out).toContain('\u001b[32mok');
    expect(err).toContain('checks; waiting for');
    expect(lines.join(' ')).toMatch(/There is no Lease jtel-system\/jtel-operator/);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toMatch(/The operator has none of the \d+ rights/);
  });

  it('counts in the end the checks that the progress counted', async () => {
    const stack = join(api.folder, 'stack.yaml');
    await writeFile(stack, JSON.stringify(manifest));
    for (const argv of [[], ['-f', stack]]) {
      const { out, err } = await doctor(argv, { columns: 80 });
      const totals = [...err.matchAll(/ of (\d+) checks/g)].map(([, total]) => total);
      const [, told] = /^(\d+) checks: /m.exec(stripVTControlCharacters(out)) ?? [];
      expect(new Set(totals)).toEqual(new Set([told]));
    }
  });

  it('says that the operator does not look after this namespace', async () => {
    answers['/apis/coordination.k8s.io/v1/namespaces/jtel-system/leases/jtel-operator'] = {
      metadata: { annotations: { 'jtel.de/holder-namespaces': 'jtel-system pod-1' } },
      spec: { holderIdentity: 'pod-1', renewTime: new Date().toISOString(), leaseDurationSeconds: 15 },
    };
    const { out } = await doctor(['-o', 'json']);
    const { checks } = JSON.parse(out) as { checks: { check: string }[] };
    expect(checks.find(({ check }) => check === 'operator')).toMatchObject({
      verdict: 'Failed',
      seen: 'The operator looks after jtel-system only, not after demo.',
    });
  });

  it('prints no colours and no progress in a pipe', async () => {
    const { out, err } = await doctor([]);
    expect(out).not.toContain('\u001b');
    expect(err).toBe('');
  });

  it('only reads, and asks for reviews, which nobody stores', async () => {
    await doctor([]);
    expect(
      requests.filter((line) => !line.startsWith('GET ') && !line.endsWith('subjectaccessreviews')),
    ).toEqual([]);
  });

  it('gives up what does not answer, after --timeout, and tells the rest', async () => {
    answers['/version'] = 'never';
    const { out } = await doctor(['--timeout', '1s', '-o', 'json']);
    const { checks } = JSON.parse(out) as { checks: { check: string; verdict: string }[] };
    expect(checks[0]).toMatchObject({ check: 'api-server', verdict: 'Skipped' });
    expect(checks[1]).toMatchObject({ check: 'crds', verdict: 'Ok' });
  });

  it.each([
    ['a file that is not there', ['-f', '/nowhere'], 'cannot read /nowhere: ENOENT'],
    ['a name that is none', ['../up'], 'is not a valid name'],
    ['an SSH key that is not there', ['--ssh-key', '/nowhere', '-f', 'STACK'], 'cannot read /nowhere'],
  ])('refuses %s', async (_, argv, message) => {
    const stack = join(api.folder, 'stack.yaml');
    await writeFile(stack, JSON.stringify(manifest));
    const { code, err } = await doctor(argv.map((word) => (word === 'STACK' ? stack : word)));
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('takes the stack’s name after a file, and more files', async () => {
    const stack = join(api.folder, 'stack.yaml');
    await writeFile(stack, JSON.stringify(manifest));
    const empty = join(api.folder, 'empty.yaml');
    await writeFile(empty, '');
    const { out } = await doctor(['-f', empty, '-f', stack, 'acme', '-o', 'json']);
    expect(out).toContain('"stack": "demo/acme"');
  });

  it('of a manifest that is not applied, on a cluster without kinds, goes on as far as it can', async () => {
    const { code, out } = await doctor(['-f', '-', '-o', 'json'], { input: JSON.stringify(manifest) });
    expect(code).toBe(1);
    const { stack, checks } = JSON.parse(out) as {
      stack: string;
      checks: { check: string; verdict: string; next?: string }[];
    };
    expect(stack).toBe('demo/acme');
    expect(Object.fromEntries(checks.map(({ check, verdict }) => [check, verdict]))).toMatchObject({
      manifest: 'Failed',
      'release-store': 'Failed',
      release: 'Skipped',
      'host-login': 'Failed',
      certificate: 'Ok',
    });
    expect(checks.every(({ verdict, next }) => verdict === 'Ok' || (next ?? '').length > 5)).toBe(true);
  });
});

const manifest = {
  apiVersion: 'jtel.de/v1alpha1',
  kind: 'JtelStack',
  metadata: { name: 'acme' },
  spec: {
    version: '3.43.2',
    size: 'Small',
    releaseStoreRef: { name: 'vendor' },
    host: {
      address: '127.0.0.1',
      sshSecretRef: { name: 'ssh' },
      hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
    },
    network: { fqdn: 'localhost' },
  },
};
