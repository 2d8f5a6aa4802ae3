/** Whenever the operator is killed during an installation, the next one ends in the same Ready stack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/index.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'crash';
const actions = [
  'EnsureCredentials',
  'ClaimHost',
  'SetUpHost',
  'WriteRelease',
  'PullImages',
  'StartDatabase',
  'StartLoad',
  'RecordData',
  'ApplyRelease',
  'RecordApplied',
  'RemoveJob',
];
/** Each action is interrupted. The process also ends when it has just started a job that outlives it. */
const killMoments = new Set([...actions.map((action) => `started ${action}`), 'done StartLoad']);
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await stage.apply();
});

afterAll(() => stage.close());

interface LogLine {
  readonly message: string;
  readonly action?: string;
}

/** `started X` and `done X`, in the order in which this operator process logged them. */
async function moments(logFrom: number): Promise<readonly string[]> {
  const log = (await stage.operator?.log()) ?? '';
  return log
    .slice(logFrom)
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ action, message }) => action !== undefined && message.startsWith('action '))
    .map(({ action, message }) => `${message.slice('action '.length)} ${action}`);
}

const jobsOnHost = () => stage.onHost(['docker', 'ps', '-aq', '--filter', 'name=jtel-job-']);

describe('an operator that is killed', () => {
  const survived = new Set<string>();

  it('at the beginning and the end of each of its actions is carried on from there', async () => {
    for (;;) {
      const operator = await stage.startOperator();
      const from = (await operator.log()).length;
      const moment = await waitFor(
        'the next moment to kill it, or Ready',
        async () => {
          const next = (await moments(from)).find(
            (candidate) => killMoments.has(candidate) && !survived.has(candidate),
          );
          if (next !== undefined) return next;
          const { status } = await stage.stack();
          const atRest = status?.phase === 'Ready' && status.operation === undefined;
          // A job that a kill left over is removed only when the stack is Ready.
          return atRest && (await jobsOnHost()) === '' && 'Ready';
        },
        { timeoutSeconds: 180, intervalMilliseconds: 20 },
      );
      if (moment === 'Ready') break;
      await stage.killOperator();
      // The process goes on between the read of its log and its end: the kill may meet any of these moments.
      // The next process may no longer need them.
      const seen = await moments(from);
      for (const met of seen.slice(seen.indexOf(moment))) survived.add(met);
    }
    for (const action of actions)
      expect([...survived], `a kill during ${action}`).toContain(`started ${action}`);
  });

  it('leaves a stack like any other: all services healthy, data loaded once, nothing left over', async () => {
    const { status } = await stage.untilReady(60);
    expect(status).toMatchObject({ phase: 'Ready', version: '3.43.2', componentsReady: '8/8' });
    expect(JSON.parse((await stage.page('/api/info')).body)).toMatchObject({ release: '3.43.2' });
    expect(await stage.query('SELECT COUNT(*) FROM jtel.users')).toBe('4');
    expect(await jobsOnHost()).toBe('');
    const project = `jtel-${namespace}-${stackName}`;
    expect((await stage.onHost(['ls', `/opt/jtel/${project}/releases`])).split('\n')).toHaveLength(1);
    expect(
      await stage.onHost([
        'sh',
        '-c',
        `find /opt/jtel -name '*.tmp*' -o -name '*.new*' -o -name '.incoming*'`,
      ]),
    ).toBe('');
  });

  it('killed in the middle of a deletion with Destroy still removes everything of this stack, and nothing else', async () => {
    await stage.onHost(['docker', 'volume', 'create', 'somebody-elses']);
    await stage.patchSpec({ deletionPolicy: 'Destroy' });
    const { uid } = (await stage.stack()).metadata;
    await stage.kubectl.run([
      'annotate',
      'jtelstack',
      stackName,
      '-n',
      namespace,
      `${annotations.confirmDestroy}=${uid}`,
    ]);
    const from = ((await stage.operator?.log()) ?? '').length;
    await stage.kubectl.run(['delete', 'jtelstack', stackName, '-n', namespace, '--wait=false']);
    await waitFor(
      'the destruction to begin',
      async () => (await moments(from)).includes('started DestroyStack'),
      { timeoutSeconds: 60, intervalMilliseconds: 20 },
    );
    await stage.killOperator();
    await stage.startOperator();
    await stage.kubectl.run(
      ['wait', '--for=delete', `jtelstack/${stackName}`, '-n', namespace, '--timeout=120s'],
      { timeoutSeconds: 130 },
    );
    expect(await stage.onHost(['docker', 'ps', '-aq'])).toBe('');
    expect(await stage.onHost(['docker', 'volume', 'ls', '-q'])).toBe('somebody-elses');
    expect(
      (await stage.tryOnHost(['test', '-e', `/opt/jtel/jtel-${namespace}-${stackName}/state.json`])).code,
    ).not.toBe(0);
  });
});
