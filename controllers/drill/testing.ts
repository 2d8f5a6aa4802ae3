/** Builders for tests of drills. */
import type {
  DrillHost,
  DrillTest,
  JtelBackup,
  JtelDrill,
  JtelDrillSpec,
  JtelDrillStatus,
  JtelRestore,
} from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';

export function aDrillHost(number: number, fields: Partial<DrillHost> = {}): DrillHost {
  return {
    name: `drill-${number}`,
    parallel: 1,
    keepFreeGiB: 0,
    host: {
      address: `203.0.113.${number}`,
      port: 22,
      user: 'jtel',
      sshSecretRef: { name: 'drill-ssh' },
      hostKeyFingerprints: [`SHA256:${String(number).padStart(43, 'D')}`],
      bootstrap: 'Managed',
    },
    ...fields,
  };
}

/** One host, all stacks. */
export function aDrill(
  spec: Partial<JtelDrillSpec> = {},
  status?: JtelDrillStatus,
  metadata: Partial<JtelDrill['metadata']> = {},
): JtelDrill {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelDrill',
    metadata: {
      name: 'nightly',
      uid: 'drill-uid',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    } as JtelDrill['metadata'],
    spec: {
      secretNamespace: 'acme',
      hosts: [aDrillHost(1)],
      testWithinDays: 7,
      state: 'Active',
      ...spec,
    },
    ...optional({ status }),
  };
}

export function aTest(fields: Partial<DrillTest> = {}): DrillTest {
  return {
    namespace: 'acme',
    stack: 'main',
    backup: 'made',
    restore: 'made-drill',
    uid: 'test-uid',
    host: 'drill-1',
    bytes: 2 ** 30,
    startTime: '2026-03-01T02:00:00Z',
    ...fields,
  };
}

/** Completed, of `acme/main`. */
export function aBackup(
  name = 'made',
  status: Partial<NonNullable<JtelBackup['status']>> = {},
  stack = 'main',
): JtelBackup {
  return {
    metadata: { namespace: 'acme', name, uid: `${name}-uid`, creationTimestamp: '2026-03-01T00:00:00Z' },
    spec: { stackRef: { name: stack } },
    status: { phase: 'Completed', startTime: '2026-03-01T00:00:00Z', totalBytes: 2 ** 30, ...status },
  } as JtelBackup;
}

/** A test that a drill asked for. */
export function aTestRestore(
  phase: NonNullable<JtelRestore['status']>['phase'],
  fields: { readonly name?: string; readonly uid?: string; readonly drill?: string } = {},
): JtelRestore {
  const { name = 'made-drill', uid = 'test-uid', drill = 'nightly' } = fields;
  return {
    metadata: { namespace: 'acme', name, uid },
    spec: { stackRef: { name: 'main' }, mode: 'Test', test: { drillRef: { name: drill } } },
    status: { phase },
  } as JtelRestore;
}
