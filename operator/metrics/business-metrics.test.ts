import { Registry } from '@prometheus-io/client';
import { describe, expect, it } from 'vitest';
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from '../../crds/index.ts';
import { registerBusinessMetrics } from './business-metrics.ts';
import { durationSeconds, type Fleet } from './model.ts';
import { aRestore } from '../../test/support/a-restore.ts';

const since = '2026-03-01T02:00:00Z';
const seconds = Date.parse(since) / 1000;

function aCondition(type: string, status: 'True' | 'False' | 'Unknown', reason: string): object {
  return { type, status, reason, message: '', lastTransitionTime: since };
}

interface Changes {
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
}

function aStack({ spec = {}, status = {}, metadata = {} }: Changes = {}): JtelStack {
  return {
    metadata: { namespace: 'customers', name: 'acme', generation: 3, ...metadata },
    spec: {
      version: '3.43.2',
      size: 'Small',
      managementMode: 'Manage',
      powerState: 'Running',
      suspend: false,
      backup: {
        storeRef: { name: 'blue' },
        state: 'Enabled',
        objectives: { recoveryPointHours: 26, recoveryTimeMinutes: 30 },
      },
      ...spec,
    },
    status: {
      observedGeneration: 3,
      phase: 'Ready',
      version: '3.43.2',
      componentsReady: '8/8',
      host: { diskFreeBytes: 2 ** 30, cores: 4 },
      conditions: [
        aCondition('Ready', 'True', 'Healthy'),
        aCondition('HostReachable', 'True', 'HostReachable'),
      ],
      backup: {
        lastBackupRef: { name: 'nightly' },
        lastSuccessTime: '2026-03-01T02:20:00Z',
        verified: 'Passed',
      },
      ...status,
    },
  } as unknown as JtelStack;
}

function aBackup(status: object = {}): JtelBackup {
  return {
    metadata: { namespace: 'customers', name: 'nightly' },
    spec: { stackRef: { name: 'acme' } },
    status: {
      phase: 'Completed',
      startTime: since,
      completionTime: '2026-03-01T02:20:00Z',
      totalBytes: 4000,
      uploadedBytes: 40,
      ...status,
    },
  } as unknown as JtelBackup;
}

interface Objects {
  readonly stack?: JtelStack;
  readonly backups?: readonly JtelBackup[];
  readonly restores?: readonly JtelRestore[];
  readonly stores?: readonly JtelBackupStore[];
}

/** A registry, as a process has one, over objects that may change. */
function aProcess(initial: Objects): { read(): Promise<readonly string[]>; objects: Objects } {
  const registry = new Registry();
  const self = {
    objects: initial,
    read: async (): Promise<readonly string[]> =>
      (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#')),
  };
  registerBusinessMetrics(registry, (): Fleet => {
    const { stack, backups = [], restores = [], stores = [] } = self.objects;
    return { stacks: stack === undefined ? [] : [{ stack, backups, restores }], stores };
  });
  return self;
}

const labels = 'namespace="customers",name="acme"';

/** Value of the series with this name and further labels; undefined if there is none. */
async function valueOf(objects: Objects, name: string, more = ''): Promise<number | undefined> {
  const series = `${name}{${labels}${more}}`;
  const line = (await aProcess(objects).read()).find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('metrics of a stack', () => {
  it('are the same in a process that has done nothing yet', async () => {
    const objects = { stack: aStack(), backups: [aBackup()] };
    const first = await aProcess(objects).read();
    expect(await aProcess(objects).read()).toEqual(first);
    expect(first).toContain(`jtel_stack_info{${labels},version="3.43.2",size="Small"} 1`);
    expect(first).toContain(`jtel_stack_recovery_point_timestamp_seconds{${labels}} ${seconds}`);
  });

  it('go when the stack goes', async () => {
    const running = aProcess({ stack: aStack(), backups: [aBackup()] });
    expect(await running.read()).not.toEqual([]);
    running.objects = {};
    expect(await running.read()).toEqual([]);
  });

  it('say nothing of what nobody looked at yet', async () => {
    const fresh = { ...aStack(), status: undefined } as unknown as JtelStack;
    expect(await valueOf({ stack: fresh }, 'jtel_stack_ready')).toBeUndefined();
    expect(await valueOf({ stack: fresh }, 'jtel_stack_host_reachable')).toBeUndefined();
    expect(await valueOf({ stack: fresh }, 'jtel_stack_observed_generation')).toBe(-1);
    expect(await valueOf({ stack: fresh }, 'jtel_stack_phase', ',phase="Pending"')).toBe(1);
  });

  it.each([
    ['all are healthy', {}, 1],
    ['one is not', { componentsReady: '7/8' }, 0],
    [
      'the host does not answer',
      { conditions: [aCondition('HostReachable', 'False', 'HostUnreachable')] },
      0,
    ],
    [
      'only a newer spec is not reached',
      {
        conditions: [
          aCondition('Ready', 'False', 'Pulling'),
          aCondition('HostReachable', 'True', 'HostReachable'),
        ],
      },
      1,
    ],
    ['none is wanted yet', { componentsReady: '0/0' }, 0],
    [
      'what runs serves, and more is wanted',
      { componentsReady: '7/8', conditions: [aCondition('Available', 'True', 'Serving')] },
      1,
    ],
    ['nobody knows', { conditions: [aCondition('Available', 'Unknown', 'DockerUnavailable')] }, 0],
  ])('call it available or not when %s', async (_, status, expected) => {
    expect(await valueOf({ stack: aStack({ status }) }, 'jtel_stack_available')).toBe(expected);
  });

  it.each([
    ['Stopped', { spec: { powerState: 'Stopped' } }],
    ['Suspended', { spec: { suspend: true } }],
    ['Observed', { spec: { managementMode: 'Observe' } }],
    ['deleted', { metadata: { deletionTimestamp: since } }],
  ])('expect nothing of one that is %s', async (_, changes) => {
    expect(await valueOf({ stack: aStack(changes) }, 'jtel_stack_expected')).toBe(0);
    expect(await valueOf({ stack: aStack() }, 'jtel_stack_expected')).toBe(1);
  });

  it('tell since when it is in its phase, how old it is, and when its certificate ends', async () => {
    const status = { phaseStartTime: since, certificate: { notAfter: since } };
    const stack = aStack({ status, metadata: { creationTimestamp: since } });
    const times = ['phase_start', 'creation', 'certificate_end'].map((name) =>
      valueOf({ stack }, `jtel_stack_${name}_timestamp_seconds`),
    );
    expect(await Promise.all(times)).toEqual([seconds, seconds, seconds]);
  });

  it('tell the size of the disk beside what is free of it', async () => {
    const stack = aStack({ status: { host: { diskFreeBytes: 4, diskTotalBytes: 10 } } });
    expect(await valueOf({ stack }, 'jtel_stack_host_disk_size_bytes')).toBe(10);
    expect(await valueOf({ stack: aStack() }, 'jtel_stack_host_disk_size_bytes')).toBeUndefined();
  });

  it('keep the labels of operations and changes bounded', async () => {
    const stack = aStack({
      status: {
        operation: { id: 'x', type: 'Sabotage', startTime: since, progressPercent: 45 },
        history: [
          {
            action: 'Update',
            result: 'RolledBack',
            startTime: since,
            completionTime: '2026-03-01T02:11:00Z',
            downtimeSeconds: 90,
          },
          { action: 'Update', result: 'Succeeded' },
          { action: 'Update', result: 'Succeeded' },
          { action: 'Sabotage', result: 'Failed' },
        ],
      },
    });
    expect(await valueOf({ stack }, 'jtel_stack_operation_start_timestamp_seconds', ',type="Other"')).toBe(
      seconds,
    );
    expect(await valueOf({ stack }, 'jtel_stack_operation_progress_ratio', ',type="Other"')).toBe(0.45);
    expect(await valueOf({ stack }, 'jtel_stack_changes', ',action="Update",result="Succeeded"')).toBe(2);
    expect(await valueOf({ stack }, 'jtel_stack_changes', ',action="Other",result="Failed"')).toBe(1);
    expect(await valueOf({ stack }, 'jtel_stack_last_update_duration_seconds')).toBe(660);
    expect(await valueOf({ stack }, 'jtel_stack_last_update_downtime_seconds')).toBe(90);
  });
});

it.each([
  ['2026-11-23T12:00:00Z', '2026-11-23T12:11:00Z', 660],
  ['2026-11-23T12:11:00Z', '2026-11-23T12:00:00Z', 0],
  ['2026-11-23T12:00:00Z', undefined, undefined],
  ['soon', '2026-11-23T12:00:00Z', undefined],
])('from %s to %s are %s seconds', (start, end, duration) =>
  expect(durationSeconds(start, end)).toBe(duration),
);

describe('metrics of backups', () => {
  it('are those of the last good one, and of what was promised', async () => {
    const objects = { stack: aStack(), backups: [aBackup(), aBackup({ phase: 'Failed' })] };
    expect(await valueOf(objects, 'jtel_stack_last_backup_duration_seconds')).toBe(1200);
    expect(await valueOf(objects, 'jtel_stack_last_backup_size_bytes')).toBe(4000);
    expect(await valueOf(objects, 'jtel_stack_last_backup_verified')).toBe(1);
    expect(await valueOf(objects, 'jtel_stack_recovery_point_objective_seconds')).toBe(93_600);
    expect(await valueOf(objects, 'jtel_stack_recovery_time_objective_seconds')).toBe(1800);
    expect(await valueOf(objects, 'jtel_stack_backups', ',phase="Failed"')).toBe(1);
  });

  it('keep its time when its object is gone', async () => {
    expect(await valueOf({ stack: aStack() }, 'jtel_stack_last_backup_timestamp_seconds')).toBe(
      seconds + 1200,
    );
    expect(await valueOf({ stack: aStack() }, 'jtel_stack_last_backup_size_bytes')).toBeUndefined();
  });

  it.each([
    ['a stack that runs', {}, 1],
    ['one without them', { backup: undefined }, 0],
    ['suspended ones', { backup: { state: 'Suspended', storeRef: { name: 'blue' } } }, 0],
    ['a suspended stack', { suspend: true }, 0],
    ['a stopped stack', { powerState: 'Stopped' }, 0],
    ['one that is only observed', { managementMode: 'Observe' }, 0],
  ])('say whether the schedule makes them: %s', async (_, spec, expected) => {
    expect(await valueOf({ stack: aStack({ spec }) }, 'jtel_stack_backup_scheduled')).toBe(expected);
  });

  it('name the store that they go to', async () => {
    expect(await valueOf({ stack: aStack() }, 'jtel_stack_backup_store', ',store="blue"')).toBe(1);
  });

  it('keep the last restore test that passed, also after one that failed, without any object of them', async () => {
    const tested = {
      lastRestoreTestTime: '2026-03-02T02:00:00Z',
      lastRestoreTestResult: 'Failed',
      lastRestoreTestPassedTime: since,
    };
    const stack = aStack({ status: { backup: tested } });
    expect(await valueOf({ stack }, 'jtel_stack_last_restore_test_timestamp_seconds')).toBe(seconds);
    expect(await valueOf({ stack }, 'jtel_stack_last_restore_test_passed')).toBe(0);
    expect(await valueOf({ stack: aStack() }, 'jtel_stack_last_restore_test_passed')).toBeUndefined();
  });

  it('tell how long the newest restore took, tests included', async () => {
    const status = { phase: 'Completed', completionTime: since, recoveryTimeSeconds: 1500 } as const;
    const test = aRestore(
      { mode: 'Test', stackRef: { name: 'acme' } },
      { status, metadata: { namespace: 'customers' } },
    );
    expect(await valueOf({ stack: aStack(), restores: [test] }, 'jtel_stack_recovery_time_seconds')).toBe(
      1500,
    );
  });

  it('tell how far the one is that runs', async () => {
    const running = aBackup({
      phase: 'Running',
      completionTime: undefined,
      operation: { id: 'b', type: 'Backup', progressPercent: 50 },
      uploadedBytes: 7,
    });
    const objects = { stack: aStack(), backups: [aBackup(), running] };
    expect(await valueOf(objects, 'jtel_stack_job_progress_ratio', ',job="Backup"')).toBe(0.5);
    expect(await valueOf(objects, 'jtel_stack_job_uploaded_bytes', ',job="Backup"')).toBe(7);
  });
});

it('metrics of a store say whether it is there, and safe', async () => {
  const store = {
    metadata: { namespace: 'customers', name: 'acme' },
    spec: { tier: 'Customer', accessMode: 'ReadWrite' },
    status: {
      backups: 12,
      conditions: [
        aCondition('Available', 'True', 'StoreReachable'),
        aCondition('Immutable', 'Unknown', 'NotChecked'),
      ],
    },
  } as unknown as JtelBackupStore;
  const objects = { stores: [store] };
  expect(await valueOf(objects, 'jtel_store_available')).toBe(1);
  expect(await valueOf(objects, 'jtel_store_immutable')).toBeUndefined();
  expect(await valueOf(objects, 'jtel_store_backups')).toBe(12);
  expect(
    await valueOf(
      objects,
      'jtel_store_condition',
      ',condition="Immutable",status="Unknown",reason="NotChecked"',
    ),
  ).toBe(1);
});
