/**
 * The demo's story with assertions: from one `kubectl apply` to a stack that answers, and what people then do
 * to it.
 */
import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOperator } from '../../images/images.ts';
import { silentProgress } from '../../sandbox/index.ts';
import { startOperatorContainer } from '../../sandbox/installation/operator.ts';
import { leaseArguments } from '../support/lease.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'story';
const operatorUser = 'system:serviceaccount:jtel-system:jtel-operator';
const resyncSeconds = 5;
let stage: Stage;
let operatorAddress: string;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await buildOperator(stage.sandbox.docker, silentProgress);
  const args = [
    '--namespace',
    namespace,
    ...leaseArguments(namespace),
    '--resync-seconds',
    String(resyncSeconds),
  ];
  const operator = await startOperatorContainer(stage.sandbox, {
    toolbox: stage.toolbox,
    name: namespace,
    args,
  });
  stage.operator = operator;
  operatorAddress = operator.address;
  await stage.apply();
});

afterAll(() => stage.close());

async function reconciles(): Promise<number> {
  const metrics = await (await fetch(`http://${operatorAddress}:8080/metrics`)).text();
  return Number(
    /^jtel_operator_reconciles_total\{controller="stack",outcome="success"\} (\d+)/m.exec(metrics)?.[1] ?? 0,
  );
}

/**
 * What the operator has written to the API since that moment. Leases and events do not count: they are no
 * state of anything.
 */
async function writesSince(time: string): Promise<readonly string[]> {
  return (await stage.sandbox.controlPlane.auditLog())
    .filter(
      ({ user, verb, requestReceivedTimestamp }) =>
        user.username === operatorUser &&
        !['get', 'list', 'watch'].includes(verb) &&
        requestReceivedTimestamp > time,
    )
    .filter(
      ({ objectRef }) =>
        objectRef?.namespace === namespace && !['leases', 'events'].includes(objectRef.resource ?? ''),
    )
    .map(
      ({ verb, objectRef }) =>
        `${verb} ${objectRef?.resource}/${objectRef?.name}/${objectRef?.subresource ?? ''}`,
    );
}

/** A SIP OPTIONS request, answered by acd-fs1 through the host's own network. */
function sipOptions(address: string): Promise<string> {
  const socket = createSocket('udp4');
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no SIP answer within 5 s')), 5_000);
    socket.once('message', (message) => (clearTimeout(timer), resolve(message.toString())));
    socket.bind(0, () => {
      const { port } = socket.address();
      const request = [
        `OPTIONS sip:${address} SIP/2.0`,
        `Via: SIP/2.0/UDP 0.0.0.0:${port};rport;branch=z9hG4bKtest`,
        'Max-Forwards: 70',
        'From: <sip:test@localhost>;tag=1',
        `To: <sip:${address}>`,
        'Call-ID: test@localhost',
        'CSeq: 1 OPTIONS',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n');
      socket.send(request, 5060, address);
    });
  }).finally(() => socket.close());
}

describe('one kubectl apply', () => {
  it('brings a stack from nothing to Ready, as kubectl wait sees it', async () => {
    const output = await stage.kubectl.run(
      ['wait', '--for=condition=Ready', `jtelstack/${stackName}`, '-n', namespace, '--timeout=300s'],
      { timeoutSeconds: 310 },
    );
    expect(output).toContain('condition met');
    const { status } = await stage.untilReady(60);
    expect(status).toMatchObject({
      phase: 'Ready',
      version: '3.43.2',
      componentsReady: '8/8',
      host: { address: stage.host.address },
    });
    for (const component of status?.components ?? [])
      expect(component).toMatchObject({ state: 'running', health: 'healthy' });
  });

  it('answers over HTTPS with a row of its database and a file of its file tree', async () => {
    const { status, body } = await stage.page('/api/info');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      fqdn: 'story.jtel.example',
      release: '3.43.2',
      tenant: { name: await stage.query('SELECT name FROM jtel.tenants ORDER BY id LIMIT 1') },
      file: { text: expect.stringContaining('3.43.2') },
    });
    expect((await stage.page('/')).body).toContain('story.jtel.example');
  });

  it('replicates its database and answers SIP', async () => {
    const status = await stage
      .onHost(['docker', 'exec', (await stage.containers()).get('acd-dbs') ?? '', '/usr/local/bin/healthy'])
      .then(() => 'healthy');
    expect(status).toBe('healthy');
    expect(await sipOptions(stage.host.address)).toMatch(/^SIP\/2\.0 200 /);
  });

  it('tells a person at a terminal of 80 columns what is going on', async () => {
    const [header = '', row = ''] = (await stage.kubectl.run(['get', 'jtelstacks', '-n', namespace])).split(
      '\n',
    );
    expect(header.split(/\s+/)).toEqual([
      'NAME',
      'VERSION',
      'PHASE',
      'READY',
      'AVAILABLE',
      'HOST',
      'LAST-BACKUP',
      'AGE',
    ]);
    expect(row).toMatch(new RegExp(`^acme +3\\.43\\.2 +Ready +True +True +${stage.host.address} `));
    expect(Math.max(header.length, row.length)).toBeLessThanOrEqual(80);
    const wide = await stage.kubectl.run(['get', 'jst', '-n', namespace, '-o', 'wide']);
    expect(wide).toContain('8/8');
  });

  it('tells its story in events', async () => {
    const { items } = await stage.kubectl.json<{
      items: { note: string; type: string; eventTime: string }[];
    }>(['get', 'events.events.k8s.io', '-n', namespace, '--field-selector', 'regarding.kind=JtelStack']);
    const story = items
      .toSorted((a, b) => (a.eventTime < b.eventTime ? -1 : 1))
      .map(({ note }) => note)
      .join(' ');
    // What was over in a moment is told with what followed, so how many events there are depends on the machine.
    const expected = [
      'Generated credentials were stored',
      'The host was set up',
      'All images of the release were pulled',
      'The database was started to be loaded',
      'The job that loads the data was started',
      'The data was loaded completely',
      'docker compose brought the containers to the release',
      'Release 3.43.2 is ready',
    ];
    const told = new RegExp(expected.join('|'), 'g');
    expect(story.match(told)).toEqual(expected);
    expect(items.filter(({ type }) => type === 'Warning')).toEqual([]);
  });
});

describe('an operator at rest', () => {
  it('writes nothing to the API and changes nothing on the host over three resyncs', async () => {
    const stateFile = `/opt/jtel/jtel-${namespace}-${stackName}/state.json`;
    const before = {
      containers: await stage.containers(),
      state: await stage.onHost(['stat', '-c', '%y %i', stateFile]),
    };
    const since = new Date().toISOString();
    const first = await reconciles();
    await waitFor('three resyncs', async () => (await reconciles()) >= first + 3, {
      timeoutSeconds: 60,
      intervalMilliseconds: 500,
    });
    expect((await writesSince(since)).filter((write) => write.includes('jtelstacks'))).toEqual([]);
    expect({
      containers: await stage.containers(),
      state: await stage.onHost(['stat', '-c', '%y %i', stateFile]),
    }).toEqual(before);
  });

  it('was never refused by RBAC', async () => {
    const refused = (await stage.sandbox.controlPlane.auditLog()).filter(
      ({ user, responseStatus, requestURI }) =>
        user.username === operatorUser &&
        responseStatus?.code === 403 &&
        requestURI.includes(`/${namespace}/`),
    );
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
  });

  it('has let no secret out: not into logs, events, objects, or what docker inspect and ps show', async () => {
    const { items } = await stage.kubectl.json<{
      items: { metadata: { name: string }; data?: Record<string, string> }[];
    }>(['get', 'secrets', '-n', namespace]);
    const isPublic = new Set(['accountName', 'endpoint', 'username']);
    const values = items.flatMap(({ data = {} }) =>
      Object.entries(data)
        .filter(([key]) => !isPublic.has(key))
        .map(([, value]) => Buffer.from(value, 'base64').toString().trim()),
    );
    const canaries = [...values, stage.sandbox.registry.password, stage.sandbox.blob.vendor.key].flatMap(
      (value) => [value, ...value.split('\n').filter((line) => line.length > 30 && !line.includes('-----'))],
    );
    expect(canaries.length).toBeGreaterThan(5);
    const places: Record<string, string> = {
      'operator log': (await stage.operator?.log()) ?? '',
      events: await stage.kubectl.run(['get', 'events', '-n', namespace, '-o', 'json']),
      objects: await stage.kubectl.run(['get', 'jtel', '-n', namespace, '-o', 'json']),
      'docker inspect': await stage.onHost(['sh', '-c', 'docker inspect $(docker ps -aq)']),
      ps: await stage.onHost(['ps', '-eo', 'args']),
      'compose file': await stage.onHost([
        'sh',
        '-c',
        `cat /opt/jtel/jtel-${namespace}-${stackName}/current/compose.yaml`,
      ]),
      'docker config': (
        await stage.tryOnHost(['sh', '-c', 'cat /root/.docker/config.json /home/jtel/.docker/config.json'])
      ).stdout,
    };
    for (const [place, text] of Object.entries(places)) {
      for (const canary of canaries)
        expect(text.includes(canary), `a secret of ${canary.length} characters in ${place}`).toBe(false);
    }
  });
});

describe('people', () => {
  it('who kill a container see it come back, and are told', async () => {
    const victim = (await stage.containers()).get('acd-web-1') ?? '';
    const others = new Map([...(await stage.containers())].filter(([service]) => service !== 'acd-web-1'));
    await stage.onHost(['docker', 'rm', '-f', victim]);
    await waitFor(
      'the event',
      async () =>
        (await stage.kubectl.run(['events', '-n', namespace, '--for', `jtelstack/${stackName}`])).includes(
          'correcting drift: acd-web-1',
        ),
      { timeoutSeconds: 60 },
    );
    await waitFor('a new acd-web-1', async () => (await stage.containers()).has('acd-web-1'), {
      timeoutSeconds: 90,
    });
    const { status } = await stage.untilReady(120);
    expect(new Map([...(await stage.containers())].filter(([service]) => service !== 'acd-web-1'))).toEqual(
      others,
    );
    await stage.condition('Available', 'Serving');
    // A new container is healthy after its first check, seconds later.
    expect(status?.availability?.months?.[0]?.downSeconds).toBeGreaterThan(0);
    expect(status?.availability).not.toHaveProperty('downSince');
  });

  it('who delete the object keep the stack, and who apply it again get it back untouched', async () => {
    const before = await stage.containers();
    await stage.query("INSERT INTO jtel.tenants (name) VALUES ('written by a person')");
    await stage.kubectl.run(['delete', 'jtelstack', stackName, '-n', namespace, '--timeout=60s'], {
      timeoutSeconds: 70,
    });
    expect(await stage.containers()).toEqual(before);
    await stage.apply();
    await stage.untilReady();
    expect(await stage.containers()).toEqual(before);
    expect(await stage.query("SELECT COUNT(*) FROM jtel.tenants WHERE name = 'written by a person'")).toBe(
      '1',
    );
  });
});
