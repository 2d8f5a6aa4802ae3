/**
 * `kubectl jtel` about stacks that an API server really has: what it shows, what it writes, and what it
 * refuses to write.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRevisions, noteOnRevision, revisionsOf } from '../../../controllers/stack/index.ts';
import { stackKind, type JtelStack } from '../../../crds/index.ts';
import type { TimeLine } from '../../../insight/time-line.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { changeStack, noteOutcome, storeStack } from '../../support/stored-stacks.ts';
import { waitFor } from '../../support/wait.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('plugin');
  await installCRDs(cluster.client);
});
afterAll(async () => cluster.close());

function jtel(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  return kubectlJtel(argv, { kubeconfig: cluster.kubeconfig, namespace: cluster.namespace, ...options });
}

async function live(name: string): Promise<JtelStack> {
  return await cluster.client.get(stackKind, { namespace: cluster.namespace, name }, call());
}

/** Installed as 3.43.1 and updated to 3.43.2, in the records that the operator would have made. */
async function updatedStack(name: string, status: JtelStack['status'] = {}): Promise<JtelStack> {
  const { client, namespace } = cluster;
  const stack = await storeStack(client, namespace, {
    name,
    spec: { version: '3.43.1' },
    annotations: { 'jtel.de/source-revision': 'commit-one' },
  });
  await noteOutcome(
    client,
    stack,
    { result: 'Succeeded', time: '2026-02-01T00:10:00Z' },
    'Install',
    '2026-02-01T00:00:00Z',
  );
  const changed = await changeStack(
    client,
    stack,
    { version: '3.43.2' },
    { phase: 'Ready', version: '3.43.2', revision: 2, ...status },
    { 'jtel.de/source-revision': 'commit-two' },
  );
  await noteOutcome(
    client,
    changed,
    { result: 'Succeeded', time: '2026-02-02T00:10:00Z' },
    'Update',
    '2026-02-02T00:00:00Z',
  );
  return changed;
}

/** First Small, then Large: a change that can be taken back as it is. */
async function reconfigured(name: string): Promise<void> {
  const stack = await storeStack(cluster.client, cluster.namespace, {
    name,
    annotations: { 'jtel.de/source-revision': 'commit-one' },
  });
  await changeStack(
    cluster.client,
    stack,
    { size: 'Large' },
    { version: '3.43.2', revision: 1 },
    { 'jtel.de/source-revision': 'commit-two' },
  );
}

describe('status', () => {
  it('shows one stack, and as JSON the object itself', async () => {
    await storeStack(cluster.client, cluster.namespace, {
      name: 'one',
      status: { phase: 'Degraded', message: 'acd-web-1 is unhealthy', version: '3.43.2' },
    });
    const shown = await jtel(['status', 'one']);
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('acd-web-1 is unhealthy') });
    const object = JSON.parse((await jtel(['status', 'one', '-o', 'json'])).out) as JtelStack;
    expect(object).toMatchObject({
      kind: 'JtelStack',
      metadata: { name: 'one' },
      status: { phase: 'Degraded' },
    });
    expect(object.metadata).not.toHaveProperty('managedFields');
    expect((await jtel(['status', 'one', '-o', 'yaml'])).out).toContain('\n  phase: Degraded\n');
  });

  it('shows all of a namespace, and of all namespaces', async () => {
    await storeStack(cluster.client, cluster.namespace, { name: 'fleet' });
    expect((await jtel(['status'])).out).toMatch(/NAME.*\n(.*\n)*.*fleet/);
    expect((await jtel(['status', '-A'])).out).toContain(cluster.namespace);
  });

  it('of a stack that is not there names those that are', async () => {
    const { code, err } = await jtel(['status', 'nobody']);
    expect(code).toBe(1);
    expect(err).toMatch(/there is no JtelStack nobody in namespace .*: it has .*/);
  });

  it('goes on showing changes until it is interrupted', async () => {
    const stack = await storeStack(cluster.client, cluster.namespace, {
      name: 'watched',
      status: { phase: 'Preparing', message: 'the first look' },
    });
    const interrupt = new AbortController();
    let seen = '';
    const running = jtel(['status', 'watched', '-w'], {
      signal: interrupt.signal,
      onOutput: (text) => (seen = text),
    });
    await waitFor('the first look', () => seen.includes('the first look'));
    const key = { namespace: cluster.namespace, name: stack.metadata.name };
    await cluster.client.applyStatus(
      stackKind,
      key,
      { phase: 'Ready', message: 'the second look' },
      {},
      call(),
    );
    await waitFor('the second look', () => seen.includes('the second look'));
    interrupt.abort(new Error('Ctrl-C'));
    expect((await running).code).toBe(0);
  });

  it('uses colours on a terminal, and none where NO_COLOR or --no-color says so', async () => {
    await storeStack(cluster.client, cluster.namespace, { name: 'colours', status: { phase: 'Ready' } });
    const escape = '\u001b[';
    expect((await jtel(['status', 'colours'], { columns: 80 })).out).toContain(escape);
    expect(
      (await jtel(['status', 'colours'], { columns: 80, environment: { NO_COLOR: '1' } })).out,
    ).not.toContain(escape);
    expect((await jtel(['status', 'colours', '--no-color'], { columns: 80 })).out).not.toContain(escape);
    expect((await jtel(['status', 'colours'])).out).not.toContain(escape);
  });
});

describe('history and diff', () => {
  it('tell what was done and what it changed', async () => {
    await updatedStack('story');
    const { out } = await jtel(['history', 'story']);
    expect(out).toMatch(/▶ +2 +3\.43\.2 +Update +Succeeded .*commit-two +jtel-test/);
    expect(out).toMatch(/ 1 +3\.43\.1 +Install +Succeeded .*commit-one/);
    const lines = JSON.parse((await jtel(['history', 'story', '-o', 'json'])).out) as {
      items: { revision: number }[];
    };
    expect(lines.items.map(({ revision }) => revision)).toEqual([2, 1]);
    const changed = (text: string): string[] => text.split('\n').filter((line) => /^[+-] /.test(line));
    expect(changed((await jtel(['diff', 'story'])).out)).toEqual(['- version: 3.43.1', '+ version: 3.43.2']);
    expect(changed((await jtel(['diff', 'story', '--revision', '2', '--to', '1'])).out)).toEqual([
      '- version: 3.43.2',
      '+ version: 3.43.1',
    ]);
  });

  it('show the steps of one change, as the operator noted them', async () => {
    const { client, namespace } = cluster;
    const stack = await storeStack(client, namespace, { name: 'steps' });
    const [recorded] = revisionsOf(stack, await listRevisions(client, stack, call()));
    if (recorded === undefined) throw new Error('no revision was recorded');
    const at = (seconds: number): string =>
      new Date(Date.parse(recorded.time) + seconds * 1000).toISOString();
    const steps = [
      { step: 'SetUp', time: at(4) },
      { step: 'Pull', time: at(64) },
      { step: 'Containers', time: at(184) },
    ];
    const attempt = { action: 'Install', startTime: at(60) } as const;
    const outcome = { result: 'Succeeded', time: at(200) } as const;
    await noteOnRevision(client, stack, recorded, { attempt, outcome, steps }, call());
    const shown = await jtel(['history', 'steps', '--revision', '1'], {
      columns: 80,
      environment: { NO_COLOR: '1' },
    });
    expect(shown).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Install .*Succeeded, took 2m20s, 1m after\s+the\s+new\s+spec/),
    });
    expect(shown.out).toMatch(/\n *Pull .* 2m +█+\n/);
    expect(Math.max(...shown.out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    const line = JSON.parse(
      (await jtel(['history', 'steps', '--revision', '1', '-o', 'json'])).out,
    ) as TimeLine;
    expect(line).toMatchObject({ revision: 1, action: 'Install', result: 'Succeeded', seconds: 200 });
    expect(line.steps.map(({ step, seconds }) => [step, seconds])).toEqual([
      ['Look', 4],
      ['SetUp', 60],
      ['Pull', 120],
      ['Containers', 16],
    ]);
    const refused = await jtel(['history', 'steps', '--revision', '7']);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('it has 1') });
    expect((await jtel(['history', 'steps', '--revision', 'x'])).code).toBe(2);
  });

  it('refuse what is no revision, and name the revisions there are', async () => {
    await updatedStack('few');
    expect(await jtel(['diff', 'few', '--to', 'abc'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('"abc" is not a revision'),
    });
    expect(await jtel(['diff', 'few', '--to', '9'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('it has 1, 2'),
    });
  });

  it('ignore what others called alike recorded', async () => {
    const { client, namespace } = cluster;
    const former = await updatedStack('again');
    await client.delete(stackKind, { namespace, name: former.metadata.name }, {}, call());
    await storeStack(client, namespace, { name: 'again' });
    expect((await jtel(['history', 'again'])).out).not.toContain('3.43.1');
  });
});

describe('rollback', () => {
  it('shows the difference, asks, and writes the earlier spec in the caller’s name', async () => {
    await reconfigured('back');
    const { code, out, err } = await jtel(['rollback', 'back'], { answer: 'y' });
    expect(code).toBe(0);
    expect(out).toMatch(/- size: Large\n\+ size: Small/);
    expect(err).toContain('Write this spec');
    const { spec, metadata } = await live('back');
    expect(spec.size).toBe('Small');
    expect(metadata.annotations?.['jtel.de/source-revision']).toBe('commit-one');
    expect(metadata.managedFields?.some(({ manager }) => manager === 'kubectl-jtel')).toBe(true);
    expect(err).toContain('revert the change there too');
  });

  it('writes nothing when the answer is no, when nobody can answer, or with --dry-run', async () => {
    await reconfigured('stay');
    expect((await jtel(['rollback', 'stay'], { answer: 'n' })).code).toBe(1);
    expect(await jtel(['rollback', 'stay'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
    expect((await jtel(['rollback', 'stay', '--dry-run'])).code).toBe(0);
    expect((await live('stay')).spec.size).toBe('Large');
  });

  it('has nothing to do where the spec is that already', async () => {
    await reconfigured('same');
    expect(await jtel(['rollback', 'same', '--to', '2', '--yes'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('nothing to do'),
    });
  });

  it('refuses an older release, and says how to get there', async () => {
    await updatedStack('down');
    const { code, err } = await jtel(['rollback', 'down', '--to', '1', '--yes']);
    expect(code).toBe(1);
    expect(err).toContain('3.43.1 cannot use its data');
    expect(err).toContain('kubectl jtel restore down');
    expect((await live('down')).spec.version).toBe('3.43.2');
  });

  it('goes to the older release with the data of before the update, once the name is typed', async () => {
    await updatedStack('withdata', {
      rollback: { revision: 1, version: '3.43.1', backupRef: { name: 'withdata-before' } },
    });
    expect(await jtel(['rollback', 'withdata', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--restore-data'),
    });
    expect((await jtel(['rollback', 'withdata', '--restore-data'], { answer: 'other' })).code).toBe(1);
    expect((await live('withdata')).spec.version).toBe('3.43.2');
    const done = await jtel(['rollback', 'withdata', '--restore-data'], { answer: 'withdata' });
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('JtelRestore withdata-restore-') });
    expect((await live('withdata')).spec.version).toBe('3.43.1');
  });

  it('does not overwrite what somebody changed in between', async () => {
    await reconfigured('raced');
    const change = async (): Promise<void> => {
      const stack = await live('raced');
      await cluster.client.replace(stackKind, { ...stack, spec: { ...stack.spec, size: 'Medium' } }, call());
    };
    const racing = await jtel(['rollback', 'raced'], { answer: 'y', beforeAnswer: change });
    expect(racing).toMatchObject({ code: 1, err: expect.stringContaining('somebody changed raced') });
    expect((await live('raced')).spec.size).toBe('Medium');
  });
});

describe('the command line', () => {
  it.each([
    ['an unknown command', ['fly']],
    ['a missing stack', ['history']],
    ['a name that is none', ['status', '../secrets']],
    ['an unknown form', ['status', '-o', 'xml']],
    ['a duration that is none', ['status', '--timeout', 'soon']],
    ['a context that is not there', ['status', '--context', 'nowhere']],
    ['-A with a stack', ['status', 'acme', '-A']],
  ])('called with %s: exit code 2', async (_, argv) => {
    const { code, err } = await jtel(argv);
    expect(code).toBe(2);
    expect(err).not.toBe('');
  });

  it('gives up at --timeout, and says so', async () => {
    await storeStack(cluster.client, cluster.namespace, { name: 'slow' });
    expect(await jtel(['status', 'slow', '-w', '--timeout', '1'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('not done within 1 s'),
    });
  });

  it('cannot use a cluster it may not read, and says what it may not', async () => {
    const { code, err } = await jtel(['status'], { kubeconfig: '/nonexistent/kubeconfig' });
    expect(code).toBe(2);
    expect(err).toContain('/nonexistent/kubeconfig cannot be read');
  });

  it('opens nothing where there is no screen, but prints the address', async () => {
    await storeStack(cluster.client, cluster.namespace, { name: 'page' });
    expect((await jtel(['open', 'page'])).out).toBe('https://acme.jtel.example/\n');
  });
});

describe('completion', () => {
  const values = ({ out }: PluginRun): string[] =>
    out
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(':'))
      .map((line) => line.split('\t')[0] ?? '');

  it('knows commands, options and their values', async () => {
    expect(values(await kubectlJtel(['__complete', 'st']))).toEqual(['status']);
    expect(values(await kubectlJtel(['__complete', 'backup', '']))).toEqual([
      'list',
      'show',
      'verify',
      'create',
      'keys',
    ]);
    expect(values(await kubectlJtel(['__complete', 'status', '--all']))).toEqual(['--all-namespaces']);
    expect(values(await kubectlJtel(['__complete', 'status', '-o', '']))).toEqual(['json', 'yaml', 'wide']);
    expect(values(await kubectlJtel(['__complete', 'completion', 'f']))).toEqual(['fish']);
  });

  it('knows the names of stacks, components and revisions of this cluster', async () => {
    await updatedStack('typed', {
      components: [
        { name: 'acd-web-1', state: 'running' },
        { name: 'acd-dbm', state: 'running' },
      ],
    });
    expect(values(await jtel(['__complete', 'status', 'typ']))).toEqual(['typed']);
    expect(values(await jtel(['__complete', 'logs', 'typed', 'acd-w']))).toEqual(['acd-web-1']);
    expect(values(await jtel(['__complete', 'diff', 'typed', '--to', '']))).toEqual(['2', '1']);
    expect(values(await jtel(['__complete', 'rollback', 'typed', '--to=']))).toEqual(['--to=2', '--to=1']);
  });

  it('knows the backups of a stack, and the newest by a word', async () => {
    expect(values(await jtel(['__complete', 'restore', 'typed', '--from', '']))).toEqual(['latest']);
  });

  it('has no answer, and no error, where there is no cluster', async () => {
    expect(await kubectlJtel(['__complete', 'status', ''], { kubeconfig: '/nonexistent' })).toMatchObject({
      code: 0,
      out: ':4\n',
      err: '',
    });
  });
});
