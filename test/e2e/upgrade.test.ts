/**
 * From the published version before to this one and back, while a stack runs: CRDs and operator change, and
 * nothing else does. What each version stored, the other one restores.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { installAccess } from '../../sandbox/installation/operator.ts';
import { healthPort } from '../support/health-port.ts';
import { waitFor } from '../support/wait.ts';
import { earlierRelease, type EarlierRelease } from './earlier-release.ts';
import { ObjectWatch } from './object-watch.ts';
import { Stage } from './stage.ts';

/** Host and backups that a kept sandbox has from an earlier run belong to the cluster of that run. */
const namespace = `upgrade-${Date.now().toString(36)}`;
const earlierVersion = '0.1.0';
const args = ['--resync-seconds', '5', '--monitor-seconds', '3'];
/** An annotation that only this test knows. */
const watched = 'test.jtel.de/watched';
const kinds = ['jtelstacks', 'jtelbackups', 'jtelrestores', 'jtelbackupstores'];
let stage: Stage;
let earlier: EarlierRelease | undefined;
let starts = 0;

beforeAll(async () => {
  // CRDs exist once in a cluster.
  stage = await Stage.open({ name: namespace, controlPlane: 'own' });
  earlier = await earlierRelease(stage.sandbox, earlierVersion);
  await installAccess(stage.cluster, earlier.directory);
  await stage.applyBackupStore();
  await startOperator(earlier);
  await stage.apply({
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      initialData: { source: 'Vanilla' },
    },
  });
  await stage.untilReady(600);
  await stage.query("INSERT INTO jtel.tenants (name) VALUES ('of yesterday')");
  await backUp('by-earlier');
});

afterAll(async () => {
  await stage.close();
  await earlier?.remove();
});

/** @param of default: the operator of now. Each has a log of its own. */
async function startOperator(of?: EarlierRelease): Promise<void> {
  starts += 1;
  const other = of === undefined ? {} : { checkout: of.directory, toolbox: of.toolbox };
  await stage.startOperator(args, { name: `${namespace}-${starts}`, ...other });
}

async function backUp(name: string): Promise<void> {
  const { phase, message } = await stage.request('JtelBackup', name, {});
  if (phase !== 'Completed') throw new Error(`${name} is ${phase}: ${message}`);
  await stage.untilReady();
}

/** Containers with the times of their starts, and every file that the operator writes, with its last change. */
async function stateOfHost(): Promise<string> {
  const containers = 'docker ps -aq | xargs docker inspect --format "{{.Name}} {{.Id}} {{.State.StartedAt}}"';
  const files = 'find /opt/jtel /etc -xdev -type f -printf "%p %i %C@\\n"';
  return await stage.onHost(['sh', '-c', `(${containers}; ${files}) | sort`]);
}

/** The state once nothing moves any more: the job of the last backup is gone, and a second look sees the same. */
async function settledHost(): Promise<string> {
  let last = '';
  return await waitFor(
    'the host to rest',
    async () => {
      const [before, now] = [last, await stateOfHost()];
      last = now;
      return now === before && !now.includes('/jtel-job-') && now;
    },
    { timeoutSeconds: 120, intervalMilliseconds: 1000 },
  );
}

/** Until the operator that runs now has looked at each kind, and at the stack again and again. */
async function untilLookedAt(version: string): Promise<void> {
  const { operator } = stage;
  if (operator === undefined) throw new Error('no operator runs');
  const port = await healthPort(operator);
  await waitFor(
    `${version} to look at everything`,
    async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const looks = (controller: string): number => {
        const series = `jtel_operator_reconciles_total{controller="${controller}",outcome="success"} `;
        const line = metrics.split('\n').find((each) => each.startsWith(series));
        return Number(line?.slice(series.length) ?? 0);
      };
      const isIt = metrics.includes(`jtel_operator_build_info{version="${version}"`);
      return isIt && looks('stack') >= 3 && looks('backup') > 0 && looks('store') > 0;
    },
    { timeoutSeconds: 60, intervalMilliseconds: 500 },
  );
}

/** Everything that turned or was written while the operator was replaced. */
async function whatTurns(replace: () => Promise<void>): Promise<unknown> {
  const before = await settledHost();
  const watches = await Promise.all(kinds.map((kind) => ObjectWatch.start(stage.kubectl, namespace, kind)));
  await stage.operator?.stop();
  await replace();
  const after = await stateOfHost();
  // The watches are not behind, and none has ended unseen.
  const mark = ['--all', '--overwrite', '-n', namespace, `${watched}=${starts}`];
  for (const kind of kinds) await stage.kubectl.run(['annotate', kind, ...mark]);
  await waitFor('the watches to see the marks', () =>
    Promise.resolve(watches.every((watch) => watch.hasSeen(watched, String(starts)))),
  );
  const turned = await Promise.all(watches.map((watch) => watch.stop()));
  const [were, are] = [before.split('\n'), after.split('\n')];
  return {
    objects: turned.flat(),
    host: [...were.filter((line) => !are.includes(line)), ...are.filter((line) => !were.includes(line))],
    errors: (await stage.operator?.log())?.split('\n').filter((line) => line.includes('"level":"error"')),
  };
}

const nothing = { objects: [], host: [], errors: [] };

/** Restores a backup beside the data in use, counts everything, and removes it again. */
async function restores(backup: string, consent: object = {}): Promise<unknown> {
  const name = Object.keys(consent).length === 0 ? `test-${backup}` : `consent-${backup}`;
  return await stage.request('JtelRestore', name, {
    source: { backupRef: { name: backup } },
    mode: 'Test',
    ...consent,
  });
}

const passed = {
  phase: 'Completed',
  message: expect.stringMatching(/\d+ tables with \d+ rows/),
  conditions: expect.arrayContaining([
    expect.objectContaining({ type: 'Complete', status: 'True', reason: 'RestoreCompleted' }),
  ]),
};

describe('an upgrade', () => {
  it('is one: both versions can be told apart', () => expect(manifest.version).not.toBe(earlierVersion));

  it('restarts nothing, turns no condition and writes nothing to the host', async () => {
    const turns = await whatTurns(async () => {
      await installAccess(stage.cluster);
      await startOperator();
      await untilLookedAt(manifest.version);
    });
    expect(turns).toEqual(nothing);
  });

  it('can restore what the earlier version stored, with consent because it is not signed, and stores more', async () => {
    expect(await restores('by-earlier')).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'BackupUnsigned' })]),
    });
    expect(await restores('by-earlier', { unsigned: 'Accept' })).toMatchObject(passed);
    await backUp('by-this');
  });
});

describe('a downgrade', () => {
  it('restarts nothing, turns no condition and writes nothing to the host', async () => {
    const turns = await whatTurns(async () => {
      if (earlier === undefined) throw new Error('there is no earlier release');
      await installAccess(stage.cluster, earlier.directory);
      await startOperator(earlier);
      await untilLookedAt(earlierVersion);
    });
    expect(turns).toEqual(nothing);
  });

  it('can restore what the later version stored', async () => {
    expect(await restores('by-this')).toMatchObject(passed);
  });

  it('tells which fields of a manifest the earlier version does not know', async () => {
    const stack = await stage.stack();
    const later = { ...stack, spec: { ...stack.spec, fieldOfLater: true } };
    const told = await stage.kubectl.tryRun(['replace', '--dry-run=server', '--validate=strict', '-f', '-'], {
      input: JSON.stringify(later),
    });
    expect(told.stderr).toContain('unknown field "spec.fieldOfLater"');
  });
});

it('the data are those of before', async () => {
  expect(await stage.query("SELECT COUNT(*) FROM jtel.tenants WHERE name = 'of yesterday'")).toBe('1');
});
