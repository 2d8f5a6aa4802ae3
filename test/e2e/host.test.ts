/** A machine without Docker and with a small disk, on which somebody's data lies: what an installation does to it, and what not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage, stackName } from './stage.ts';

const namespace = 'machine';
const project = `jtel-${namespace}-${stackName}`;
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

  it('is set up by the operator, and told when its disk is full', async () => {
    await stage.sandbox.faults(namespace).fill();
    await stage.patchSpec({ host: { bootstrap: 'Managed' } });
    const { message } = await stage.condition('Ready', 'DiskFull', 240);
    expect(message).toContain(stage.host.address);
  });
});

describe('data that lies there already', () => {
  const files = `${project}_files`;

  it('is never overwritten: the installation stops and says what it found', async () => {
    await stage.sandbox.faults(namespace).free();
    // Before the database ever ran: somebody has put a file where the file tree is to be.
    await stage.patchSpec({ suspend: true });
    await stage.condition('Paused', 'Suspended');
    await stage.onHost(['sh', '-c', `until docker info >/dev/null 2>&1; do sleep 0.2; done; docker volume create --label com.docker.compose.project=${project} --label com.docker.compose.volume=files ${files}`]);
    await stage.onHost(['sh', '-c', `printf treasure > "$(docker volume inspect -f '{{.Mountpoint}}' ${files})/announcement.wav"`]);
    await stage.patchSpec({ suspend: false });
    const { message } = await stage.condition('DataLoaded', 'DataNotEmpty', 240);
    expect(message).toContain('announcement.wav');
    expect(await stage.onHost(['sh', '-c', `cat "$(docker volume inspect -f '{{.Mountpoint}}' ${files})/announcement.wav"`])).toBe('treasure');
    expect(await stage.query("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema IN ('jtel', 'jtelstats')")).toBe('0');
    expect([...(await stage.containers()).keys()]).toEqual(['acd-dbm']);
  });
});
