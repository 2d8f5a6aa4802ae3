import { expect, test } from 'vitest';
import { steadyConfig } from './oci.ts';
import { steadyHeader } from './oci-layer.ts';

const epoch = 1_780_000_000;
const header = {
  name: 'usr/bin/tool',
  type: 'file',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 1,
} as const;

test('a file that is younger than the commit gets its time, and an older one keeps its own', () => {
  const at = (seconds: number): number | undefined =>
    steadyHeader(
      { ...header, mtime: new Date(seconds * 1000) } as Parameters<typeof steadyHeader>[0],
      epoch,
    ).mtime?.getTime();
  expect(at(epoch + 60)).toBe(epoch * 1000);
  expect(at(1_000_000_000.7)).toBe(1_000_000_000_000);
});

test('a layer with extended attributes is refused, because they would be lost', () => {
  const pax = { 'SCHILY.xattr.security.capability': '…' };
  expect(() =>
    steadyHeader({ ...header, mtime: new Date(0), pax } as Parameters<typeof steadyHeader>[0], epoch),
  ).toThrow('usr/bin/tool has SCHILY.xattr.security.capability, which would be lost');
});

test('the configuration keeps how to run it, and the history of its base', () => {
  const config = {
    architecture: 'amd64',
    os: 'linux',
    created: '2026-11-29T00:00:00Z',
    container: '5ac0',
    config: {
      Hostname: '5ac0',
      Image: 'sha256:1',
      Env: ['A=b'],
      Labels: { c: 'd' },
      User: '65532',
      Volumes: null,
    },
    rootfs: { diff_ids: ['sha256:2', 'sha256:3'] },
    history: [{ created: '2026-01-01T00:00:00Z' }, { created: '2026-11-29T00:00:00Z', created_by: 'COPY' }],
  };
  const layers = [{ digest: 'sha256:4', size: 1, diffID: 'sha256:5' }];
  expect(steadyConfig(config, layers, 1, epoch)).toEqual({
    created: '2026-05-28T20:26:40.000Z',
    architecture: 'amd64',
    os: 'linux',
    config: { User: '65532', Env: ['A=b'], Labels: { c: 'd' } },
    rootfs: { type: 'layers', diff_ids: ['sha256:5'] },
    history: [
      { created: '2026-01-01T00:00:00Z' },
      { created: '2026-05-28T20:26:40.000Z', created_by: 'COPY' },
    ],
  });
});
