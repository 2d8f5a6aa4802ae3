/**
 * People change things on a host behind the operator's back: containers, images, files, the compose file,
 * the firewall. The operator notices and tells each change, and puts it right or leaves it, as `drift` says.
 * It touches nothing else.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'drift';
const project = `jtel-${namespace}-${stackName}`;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await stage.startOperator(['--resync-seconds', '5']);
  await stage.apply({ spec: { network: { allow: { admin: ['0.0.0.0/0'], web: ['0.0.0.0/0'], sip: [] } } } });
  await stage.untilReady(600);
});

afterAll(() => stage.close());

const onHost = (script: string): Promise<string> => stage.onHost(['sh', '-c', script]);
const current = `/opt/jtel/${project}/current`;

/** Only full looks see files, at every second resync; and one look may wait 45 s for an answer of a busy host. */
const lateSeconds = 120;

/** Seconds from the deed until the condition Drifted was True. */
async function noticed(
  deed: () => Promise<unknown>,
  timeoutSeconds = 30,
): Promise<{ readonly seconds: number; readonly message: string }> {
  const before = (await drifted())?.lastTransitionTime;
  const said = ((await stage.operator?.log()) ?? '').length;
  const start = performance.now();
  await deed();
  return await waitFor(
    'drift to be noticed',
    async () => {
      const condition = await drifted();
      const isNew = condition?.lastTransitionTime !== before || condition?.status === 'True';
      return isNew && { seconds: (performance.now() - start) / 1000, message: condition?.message ?? '' };
    },
    { timeoutSeconds, intervalMilliseconds: 50 },
  ).catch(async (error: unknown) => {
    const log = ((await stage.operator?.log()) ?? '').slice(said).slice(-6000);
    throw new Error(`no drift was noticed; the operator said meanwhile:\n${log}`, { cause: error });
  });
}

async function drifted() {
  return (await stage.stack()).status?.conditions?.find(({ type }) => type === 'Drifted');
}

async function idle(): Promise<void> {
  await waitFor('no drift', async () => (await drifted())?.status === 'False', { timeoutSeconds: 120 });
  await stage.untilReady(120);
}

function others(
  containers: ReadonlyMap<string, string>,
  ...except: readonly string[]
): readonly (readonly [string, string])[] {
  return [...containers].filter(([service]) => !except.includes(service)).toSorted();
}

describe('drift that is corrected', () => {
  const container = async (service: string): Promise<string> => (await stage.containers()).get(service) ?? '';

  it.each([
    ['a container that is killed', 'acd-tel1', 'kill'],
    ['a container that is removed', 'acd-web-2', 'rm -f'],
  ])('%s comes back', async (_, service, command) => {
    const before = await stage.containers();
    const id = await container(service);
    await noticed(() => onHost(`docker ${command} ${id}`));
    await idle();
    expect((await stage.containers()).has(service)).toBe(true);
    expect(others(await stage.containers(), service)).toEqual(others(before, service));
  });

  it('a container that somebody runs from another image is replaced', async () => {
    const before = await stage.containers();
    await onHost(
      `image=$(docker inspect -f '{{.Image}}' ${await container('acd-fs1')}) && docker rm -f ${await container('acd-tel1')} && ` +
        `docker run -d --name ${project}-acd-tel1-1 --label com.docker.compose.project=${project} --label com.docker.compose.service=acd-tel1 --label com.docker.compose.oneoff=False --entrypoint sleep $image 3600`,
    );
    await waitFor(
      'the right container',
      async () => {
        const id = await container('acd-tel1');
        return (
          id !== '' &&
          (await onHost(`docker inspect -f '{{.Config.Image}}' ${id}`)).includes('acd-tel1@sha256')
        );
      },
      { timeoutSeconds: 120 },
    );
    await idle();
    expect(others(await stage.containers(), 'acd-tel1')).toEqual(others(before, 'acd-tel1'));
  });

  it('an image under the tag of another changes nothing: images are pinned by digest', async () => {
    const before = await stage.containers();
    await onHost(
      "docker tag $(docker images -q --filter reference='*/jtel/acd-fs1' | head -n 1) registry.sandbox:5000/jtel/acd-tel1:3.43.2",
    );
    await stage.onHost(['docker', 'restart', before.get('acd-tel1') ?? '']);
    await idle();
    expect(others(await stage.containers())).toEqual(others(before));
  });

  it('a configuration file that is edited is put back, and who reads it starts again with it', async () => {
    const before = await stage.containers();
    const file = (
      await onHost(
        `docker inspect -f '{{range .Mounts}}{{if eq .Destination "/etc/haproxy/haproxy.cfg"}}{{.Source}}{{end}}{{end}}' ${before.get('acd-haproxy')}`,
      )
    ).trim();
    const text = await onHost(`cat ${file}`);
    const { message } = await noticed(() => onHost(`echo '# by hand' >>${file}`), lateSeconds);
    expect(message).toContain('was changed by hand');
    await idle();
    expect(await onHost(`cat ${file}`)).toBe(text);
    expect(await onHost(`docker exec ${before.get('acd-haproxy')} cat /etc/haproxy/haproxy.cfg`)).toBe(text);
    expect(others(await stage.containers())).toEqual(others(before));
  });

  it('a compose file that is edited is put back', async () => {
    const text = await onHost(`cat ${current}/compose.yaml`);
    await noticed(() => onHost(`sed -i 's/acd-tel1/acd-tel9/' ${current}/compose.yaml`), lateSeconds);
    await idle();
    expect(await onHost(`cat ${current}/compose.yaml`)).toBe(text);
  });

  it('a firewall that is flushed is back', async () => {
    const before = await stage.containers();
    const { message } = await noticed(() => onHost('nft delete table inet jtel'), 60);
    expect(message).toContain('firewall');
    await idle();
    expect(await onHost('nft list table inet jtel')).toContain('policy drop');
    expect(others(await stage.containers())).toEqual(others(before));
  });
});

it('drift is seen within two seconds when Docker tells of it', async () => {
  const id = (await stage.containers()).get('acd-tel1') ?? '';
  const { seconds } = await noticed(() => onHost(`docker kill ${id}`));
  // The benchmark drift.notice has the figures. This only shows that it does not wait for a resync.
  expect(seconds).toBeLessThan(5);
  await idle();
});

describe('drift that is only told', () => {
  it('stays as it is with Warn, also after several looks', async () => {
    await stage.patchSpec({ drift: 'Warn' });
    await stage.untilReady();
    const id = (await stage.containers()).get('acd-dbs') ?? '';
    const { message } = await noticed(() => onHost(`docker stop ${id}`));
    expect(message).toContain('acd-dbs is exited');
    const operator = await stage.operator?.log();
    await waitFor(
      'two more looks',
      async () =>
        (await stage.stack()).status?.components?.some(
          ({ name, state }) => name === 'acd-dbs' && state === 'exited',
        ),
      { timeoutSeconds: 30 },
    );
    expect((await stage.operator?.log())?.slice(operator?.length)).not.toContain('ApplyRelease');
    expect((await stage.containers()).has('acd-dbs')).toBe(false);
  });

  it('is not even told with Ignore', async () => {
    await stage.patchSpec({ drift: 'Ignore' });
    await stage.condition('Drifted', 'DriftIgnored');
    expect((await stage.containers()).has('acd-dbs')).toBe(false);
  });

  it('is put right when the policy says Correct again', async () => {
    await stage.patchSpec({ drift: 'Correct' });
    await idle();
    expect((await stage.containers()).has('acd-dbs')).toBe(true);
  });
});
