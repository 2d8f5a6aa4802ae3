/** `kubectl jtel logs` and `exec` on a real compose host, through SSH with the pinned key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectName } from '../../../controllers/hosts/project.ts';
import type { JtelStack } from '../../../crds/index.ts';
import { createHostDriver } from '../../../host-driver/connect.ts';
import { secrets } from '../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { driverSandbox, type DriverSandbox } from '../../support/driver-sandbox.ts';
import { run as runProgram } from '../../../kit/process.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { storeStack } from '../../support/stored-stacks.ts';
import { waitFor } from '../../support/wait.ts';

const { signal } = new AbortController();
let cluster: TestCluster;
let sandbox: DriverSandbox;
let project: string;

beforeAll(async () => {
  [cluster, sandbox] = await Promise.all([
    openCluster('plugin-host'),
    driverSandbox('plugin', [{ name: 'host-1' }]),
  ]);
  await installCRDs(cluster.client);
  project = projectName(cluster.namespace, 'acme');
  await storeKey('ssh', sandbox.target('host-1').privateKey);
  await stackOn('acme');
  const driver = createHostDriver();
  await driver
    .host(sandbox.target('host-1'))
    .pull([sandbox.image], sandbox.credentials, () => undefined, signal);
  await driver.close();
  await up('web-1', 'web-2', 'db');
  for (const service of ['web-1', 'web-2', 'db'])
    await waitFor(`both lines of ${service}`, async () => {
      const said = await sandbox.onHost('host-1', `docker logs ${project}-${service}-1 2>&1`);
      return said.includes(`${service} up`) && said.includes(`${service} warns`);
    });
});
afterAll(async () => {
  await cluster?.close();
  await sandbox?.sandbox.down();
});

async function storeKey(name: string, privateKey: string): Promise<void> {
  const data = { 'ssh-privatekey': Buffer.from(privateKey).toString('base64') };
  await cluster.client.create(secrets, { metadata: { namespace: cluster.namespace, name }, data }, call());
}

async function stackOn(name: string, host: Partial<JtelStack['spec']['host']> = {}): Promise<void> {
  const { address, port, user, hostKeyFingerprints } = sandbox.target('host-1');
  const spec = {
    host: {
      address,
      port,
      user,
      hostKeyFingerprints,
      sshSecretRef: { name: 'ssh' },
      bootstrap: 'Managed',
      ...host,
    },
  } as const;
  await storeStack(cluster.client, cluster.namespace, { name, spec });
}

/** Containers that print their names, and then what arrives through /say. */
async function up(...services: readonly string[]): Promise<void> {
  const image = `${sandbox.image.repository}@${sandbox.image.digest}`;
  const script = (service: string): string =>
    `echo ${service} up; echo ${service} warns >&2; mkfifo /say; while :; do read -r line < /say && echo "$line"; done`;
  const compose = {
    name: project,
    services: Object.fromEntries(
      services.map((service) => [
        service,
        {
          image,
          init: true,
          stop_grace_period: '1s',
          entrypoint: ['sh', '-c', script(service).replaceAll('$', '$$$$')],
        },
      ]),
    ),
  };
  await sandbox.onHost(
    'host-1',
    `echo '${Buffer.from(JSON.stringify(compose)).toString('base64')}' | base64 -d >/root/compose.yaml; docker compose -f /root/compose.yaml up -d --quiet-pull 2>&1`,
  );
}

function jtel(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  return kubectlJtel(argv, { kubeconfig: cluster.kubeconfig, namespace: cluster.namespace, ...options });
}

async function say(service: string, text: string): Promise<void> {
  await sandbox.onHost('host-1', `docker exec ${project}-${service}-1 sh -c 'echo ${text} > /say'`);
}

/** The lines of an output, sorted, because Docker keeps no order between a container's two streams. */
function linesOf(out: string): string[] {
  return out.trimEnd().split('\n').toSorted();
}

describe('logs', () => {
  it('of all components name each, in the order of time', async () => {
    const { code, out } = await jtel(['logs', 'acme']);
    expect(code).toBe(0);
    for (const line of ['db    | db up', 'web-1 | web-1 up', 'web-2 | web-2 warns'])
      expect(out).toContain(line);
  });

  it('of one component are its lines and nothing else', async () =>
    expect(linesOf((await jtel(['logs', 'acme', 'db'])).out)).toEqual(['db up', 'db warns']));
  it('of a component with several containers are those of all of them', async () => {
    // Said one after the other; see linesOf.
    await say('web-1', 'first');
    await say('web-2', 'second');
    await say('web-1', 'third');
    let out = '';
    await waitFor('what was said', async () => {
      ({ out } = await jtel(['logs', 'acme', 'web', '--timestamps']));
      return out.includes('third');
    });
    expect(out).toMatch(/^web-1 \| \d{4}-\d\d-\d\dT[\d:.]+Z web-1 up$/m);
    expect(out).toContain('web-2 |');
    expect(out).not.toContain('db up');
    expect(out.match(/first|second|third/g)).toEqual(['first', 'second', 'third']);
  });

  it('can be cut by lines and by age', async () => {
    await say('db', 'last');
    await waitFor(
      'what was said',
      async () => (await jtel(['logs', 'acme', 'db', '--tail', '1'])).out === 'last\n',
    );
    expect((await jtel(['logs', 'acme', 'db', '--tail', '0'])).out).toBe('');
    expect(linesOf((await jtel(['logs', 'acme', 'db', '--tail', 'all', '--since', '1h'])).out)).toEqual([
      'db up',
      'db warns',
      'last',
    ]);
  });

  it('of a component that is not there name those that are', async () => {
    expect(await jtel(['logs', 'acme', 'nobody'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('it has db, web-1, web-2'),
    });
  });

  it('are followed, line by line, also into the container that replaces one', async () => {
    const interrupt = new AbortController();
    let seen = '';
    const running = jtel(['logs', 'acme', 'web', '-f'], {
      signal: interrupt.signal,
      onOutput: (text) => (seen = text),
    });
    await waitFor('the beginning', () => seen.includes('web-2 up'));
    await say('web-1', 'hello');
    await waitFor('a new line', () => seen.includes('web-1 | hello'));
    await sandbox.onHost('host-1', `docker rm -f ${project}-web-2-1`);
    await up('web-1', 'web-2', 'db');
    await waitFor('the new container', () => seen.match(/web-2 \| web-2 up/g)?.length === 2);
    await say('web-2', 'again');
    await waitFor('a line of the new one', () => seen.includes('web-2 | again'));
    interrupt.abort(new Error('Ctrl-C'));
    expect((await running).code).toBe(0);
    expect(seen.match(/web-1 up/g)).toHaveLength(1);
  });
});

describe('report', () => {
  it('with --host has what the host shows, and the logs of its containers', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'report-'));
    try {
      const file = join(directory, 'report.tar.gz');
      const { code, out } = await jtel(['report', 'acme', '--host', '--file', file]);
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Written to') });
      const content = (path: string): Promise<string> =>
        runProgram(['tar', '-xzOf', file, '--wildcards', `*/${path}`]);
      expect(await content('hosts/acme/logs/web-1.txt')).toMatch(/^\S+Z stdout web-1 up$/m);
      expect(await content('hosts/acme/observation.yaml')).toMatch(/osName: Debian/);
      const key = sandbox.target('host-1').privateKey.trim().split('\n').at(1) ?? '';
      expect(key.length).toBeGreaterThan(20);
      expect(await content('*')).not.toContain(key);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('exec', () => {
  it('gives output, errors and exit code of the command', async () => {
    const run = await jtel(['exec', 'acme', 'db', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect(run).toEqual({ code: 7, out: 'out\n', err: 'err\n' });
  });

  it('passes arguments on as they are', async () => {
    const odd = ["it's", '$(id)', '-n', 'a b', '*', ''];
    expect((await jtel(['exec', 'acme', 'db', '--', 'printf', '[%s]', ...odd])).out).toBe(
      odd.map((one) => `[${one}]`).join(''),
    );
  });

  it('passes input on, and its end', async () => {
    expect(
      await jtel(['exec', 'acme', 'db', '-i', '--', 'sh', '-c', 'cat; echo end'], { input: 'from here\n' }),
    ).toMatchObject({ code: 0, out: 'from here\nend\n' });
  });

  it('passes more on than fits into any buffer', async () => {
    const input = 'x'.repeat(4 * 2 ** 20);
    expect((await jtel(['exec', 'acme', 'db', '-i', '--', 'wc', '-c'], { input })).out.trim()).toBe(
      String(input.length),
    );
  });

  it('with -t the command has a terminal of the size of this one', async () => {
    const keys = new PassThrough();
    const { code, out } = await jtel(
      ['exec', 'acme', 'db', '-it', '--', 'sh', '-c', 'test -t 0 && stty size'],
      { columns: 93, input: keys },
    );
    expect({ code, out: out.trim() }).toEqual({ code: 0, out: '24 93' });
  });

  it('passes keys on to a terminal', async () => {
    const keys = new PassThrough();
    const running = jtel(
      ['exec', 'acme', 'db', '-it', '--', 'sh', '-c', 'echo ready; read -r a; echo "got $a"; exit 3'],
      { columns: 80, input: keys, onOutput: (text) => text.includes('ready') && keys.write('typed\r') },
    );
    expect(await running).toMatchObject({ code: 3, out: expect.stringContaining('got typed') });
  });

  it('ends when the person does', async () => {
    const interrupt = new AbortController();
    const running = jtel(['exec', 'acme', 'db', '--', 'sh', '-c', 'echo begun; exec sleep 600'], {
      signal: interrupt.signal,
      onOutput: () => interrupt.abort(new Error('SIGTERM')),
    });
    expect((await running).code).toBe(1);
  });

  it('takes a container that runs, and says which of several', async () => {
    expect(await jtel(['exec', 'acme', 'web', '--', 'true'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('in web-1; there is also web-2'),
    });
  });

  it('wants a command, and a terminal where -t is given', async () => {
    expect((await jtel(['exec', 'acme', 'db'])).code).toBe(2);
    expect(await jtel(['exec', 'acme', 'db', '-t', '--', 'sh'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('-t needs a terminal'),
    });
  });

  it('of a container that does not run says so', async () => {
    await sandbox.onHost('host-1', `docker stop -t 0 ${project}-web-2-1`);
    expect(await jtel(['exec', 'acme', 'web-2', '--', 'true'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('web-2 is exited'),
    });
    await sandbox.onHost('host-1', `docker start ${project}-web-2-1`);
  });
});

describe('a host', () => {
  it('that shows another key than the pinned one gets not one command', async () => {
    await stackOn('stranger', { hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`] });
    expect(await jtel(['exec', 'stranger', 'db', '--', 'true'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing was sent to it'),
    });
  });

  it('where SSH forwards no sockets is asked through the docker command', async () => {
    const conf = '/etc/ssh/sshd_config.d/05-no-sockets.conf';
    await sandbox.onHost('host-1', `echo 'AllowStreamLocalForwarding no' >${conf}; pkill -HUP -o -x sshd`);
    try {
      // sshd takes a moment to read its configuration again. Until then it forwards the sockets.
      const seen = await waitFor('logs that came through the docker command', followThroughCommand, {
        timeoutSeconds: 90,
      });
      for (const service of ['db', 'web-1', 'web-2']) expect(seen).toContain(`${service} up`);
    } finally {
      await sandbox.onHost('host-1', `rm -f ${conf}; pkill -HUP -o -x sshd`);
    }
  });
});

/** The output of following, if it came through the docker command. */
async function followThroughCommand(): Promise<string | false> {
  const interrupt = new AbortController();
  let seen = '';
  const running = jtel(['logs', 'acme', '-f'], {
    signal: interrupt.signal,
    onOutput: (text) => (seen = text),
  });
  try {
    await waitFor('all three', () => ['db up', 'web-1 up', 'web-2 up'].every((line) => seen.includes(line)), {
      timeoutSeconds: 20,
    });
    await say('db', 'through-command');
    await waitFor('a new line', () => seen.includes('through-command'), { timeoutSeconds: 20 });
    return /^[1-9]/.test(await sandbox.onHost('host-1', 'pgrep -fc "[d]ial-stdio" || true')) && seen;
  } finally {
    interrupt.abort(new Error('Ctrl-C'));
    await running;
  }
}
