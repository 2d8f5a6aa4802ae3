/** The whole operator in memory, with OpenTelemetry's own SDK in the process, which sends to a receiver on this machine. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { backupAskedFor, key } from '../test/support/world/backups.ts';
import { killAll } from '../test/support/world/world.ts';
import { backupKind } from '../crds/index.ts';
import { OTLPReceiver } from '../test/support/otlp/receiver.ts';

const { signal } = new AbortController();
let receiver: OTLPReceiver;
let flush: () => Promise<void>;

beforeAll(async () => {
  receiver = await OTLPReceiver.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint);
  const { provider } = await import('../test/support/otlp/sdk.ts');
  flush = () => provider.forceFlush();
});
afterEach(killAll);
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

it('the spans of an installation and of a backup arrive as trees: look, wave, action', async () => {
  const { world } = await backupAskedFor();
  world.start();
  await world.until('the backup to end', async () => {
    const { status } = await world.cluster.get(backupKind, key, { signal });
    return status?.phase === 'Completed' || status?.phase === 'Failed';
  });
  await world.kill();
  await flush();
  const paths = receiver.paths();
  expect(paths).toContain('look stack');
  expect(paths).toContain('look backup');
  const steps = (kind: string): readonly string[] =>
    [...paths].filter((path) => new RegExp(`^look ${kind} > wave \\w+ > action \\w+$`).test(path));
  expect(steps('stack').length).toBeGreaterThan(3);
  expect(steps('backup').length).toBeGreaterThan(2);
  expect([...paths].filter((path) => path.startsWith('?'))).toEqual([]);
  const about = receiver.spans.flatMap(({ attributes }) => attributes);
  expect(new Set(about.map(({ key: name }) => name))).toEqual(new Set(['object']));
  expect(about).toContainEqual({ key: 'object', value: { stringValue: 'acme/main' } });
  for (const { startTimeUnixNano, endTimeUnixNano } of receiver.spans)
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
});
