/**
 * What an installation does, and does not do, to a machine without Docker, with a full disk, or with
 * somebody's data.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../kit/process.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'machine';
const project = `jtel-${namespace}-${stackName}`;
const files = `${project}_files`;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, host: { kind: 'bare', diskMiB: 6144 } });
  await stage.startOperator(['--resync-seconds', '5']);
});

afterAll(() => stage.close());

describe('a machine without Docker', () => {
  it('is refused when the spec says that it was prepared', async () => {
    await stage.apply({ spec: { host: { bootstrap: 'Preinstalled' } } });
    const { message } = await stage.condition('Ready', 'HostSetupFailed');
    expect(message).toContain('Docker');
    expect((await stage.tryOnHost(['which', 'dockerd'])).code).not.toBe(0);
  });

  it('can be set up by hand with the printed script', async () => {
    const inputs = [
      '-f',
      'examples/quickstart/4-stack.yaml',
      '--release',
      'sandbox/stand-ins/releases/3.43.2/release.yaml',
    ];
    const script = await run(['node', 'operator/bin/jtel-operator', 'host', 'script', ...inputs], {
      cwd: repositoryDirectory,
    });
    await stage.onHost(['sh', '-s', 'run', stage.host.user], script);
    await waitFor('Docker to answer', async () => (await stage.tryOnHost(['docker', 'info'])).code === 0, {
      timeoutSeconds: 60,
    });
    expect(await stage.onHost(['docker', 'compose', 'version'])).toMatch(/v?2\./);
  });
});

describe('a disk that is full', () => {
  it('is told, and installed upon once there is room', async () => {
    await stage.sandbox.faults(namespace).fill();
    await stage.patchSpec({ host: { bootstrap: 'Managed' } });
    const { message } = await stage.condition('Ready', 'DiskFull', 120);
    expect(message).toContain(stage.host.address);
  });
});

describe('data that lies there already', () => {
  const volumePath = `$(docker volume inspect -f '{{.Mountpoint}}' ${files})`;

  it('is never overwritten: the installation stops and says what it found', async () => {
    const labels = `--label com.docker.compose.project=${project} --label com.docker.compose.volume=files`;
    await stage.sandbox.faults(namespace).free();
    await stage.onHost([
      'sh',
      '-ec',
      `docker volume create ${labels} ${files}; printf treasure > "${volumePath}/announcement.wav"`,
    ]);
    const { message } = await stage.condition('DataLoaded', 'DataNotEmpty', 240);
    expect(message).toContain('announcement.wav');
    expect(await stage.onHost(['sh', '-c', `cat "${volumePath}/announcement.wav"`])).toBe('treasure');
    expect(
      await stage.query(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema IN ('jtel', 'jtelstats')",
      ),
    ).toBe('0');
    expect([...(await stage.containers()).keys()]).toEqual(['acd-dbm']);
  });
});
