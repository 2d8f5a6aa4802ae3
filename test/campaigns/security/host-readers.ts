/** Every place where the operator reads an answer of a host, each with how to bring it to read one. */
import { containerEvents } from '../../../host-driver/docker/events.ts';
import type { DockerClient } from '../../../host-driver/docker/client.ts';
import { readJob } from '../../../host-driver/docker/jobs.ts';
import { serviceLog } from '../../../host-driver/docker/logs.ts';
import { observeDocker } from '../../../host-driver/docker/observe.ts';
import { dockerClient } from '../../../host-driver/docker/open-client.ts';
import { pullImages } from '../../../host-driver/docker/pull.ts';
import { removeJob } from '../../../host-driver/docker/remove-job.ts';
import { readLogs } from '../../../host-driver/console/read-logs.ts';
import { parseObservation, question } from '../../../host-driver/script/observe.ts';
import { Observer } from '../../../host-driver/script/observer.ts';
import { withLock } from '../../../host-driver/script/lock.ts';
import type { Connection } from '../../../host-driver/ssh/connection.ts';
import { ConnectionPool } from '../../../host-driver/ssh/pool.ts';
import type { Form } from './answers.ts';
import type { Place } from './peer-orders.ts';
import { hostileHost } from './hostile-peers.ts';
import type { Reader } from './readers.ts';

const project = 'jtel-acme-main';
const owner = { clusterID: 'c', namespace: 'acme', name: 'main', uid: '1' };
const fence = { owner, epoch: 1 };
const image = { repository: 'registry.example/jtel/web', tag: '1', digest: `sha256:${'1'.repeat(64)}` };
const commandSeconds = 10;

export const hostReaders: readonly Reader[] = [
  ofHost('what a host says before SSH', 'Bytes', { at: 'Greeting' }, () => Promise.resolve()),
  ofHost('what a login shell says', 'Bytes', { at: 'Shell' }, run),
  ofHost('the output of a command', 'Bytes', { at: 'Stdout' }, run),
  ofHost('the complaints of a command', 'Bytes', { at: 'Stderr' }, run),
  ofHost('what the lock of a host says', 'Bytes', { at: 'SecondCommand' }, (connection, signal) =>
    withLock(connection, project, fence, 'start', signal, () => Promise.resolve()),
  ),
  ofHost('the facts of a host', 'Lines', { at: 'Facts' }, observe),
  ofHost("a host's record of a stack", 'JSON', { at: 'State' }, observe),
  ofDocker('the containers of a host', 'JSON', '^/containers/json', look),
  ofDocker('a container of a host', 'JSON', '^/containers/[^/]+/json', look),
  ofDocker('the volumes of a host', 'JSON', '^/volumes', look),
  ofDocker('the networks of a host', 'JSON', '^/networks', look),
  ofDocker('the images of a host', 'JSON', '^/images/json', look),
  ofDocker('the version of Docker', 'JSON', '^/version', look),
  ofDocker('an error of Docker', 'JSON', '^/containers/json', look, 500),
  ofDocker('an error of Docker instead of a stream', 'JSON', '^/events', events, 500),
  ofDocker('the log of a container', 'Frames', '/logs', (docker, signal) =>
    serviceLog(docker, project, 'web', 100, signal),
  ),
  ofDocker('the report of a job', 'Frames', '/logs', (docker, signal) => readJob(docker, '1', signal)),
  ofDocker('the report of a job that is no log', 'Lines', '/logs', (docker, signal) =>
    readJob(docker, '1', signal),
  ),
  ofDocker('the containers of a job', 'JSON', '^/containers/json', (docker, signal) =>
    removeJob(docker, '1', signal, (_project, remove) => remove()),
  ),
  { ...ofDocker('logs as people read them', 'Frames', '/logs', follow), isStream: true },
  { ...ofDocker('the events of a host', 'Lines', '^/events', events), isStream: true },
  {
    ...ofDocker('what a registry says, as Docker passes it on', 'Lines', '^/images/create', pull),
    isStream: true,
  },
  ofDocker('an error of a registry, as Docker passes it on', 'JSON', '^/images/create', pull, 500),
];

async function run(connection: Connection, signal: AbortSignal): Promise<void> {
  await connection.execute('true', { timeoutSeconds: commandSeconds }, signal);
}

async function observe(connection: Connection, signal: AbortSignal): Promise<void> {
  parseObservation(await new Observer(connection).ask(question('full', project), signal), 1);
}

async function look(docker: DockerClient, signal: AbortSignal): Promise<void> {
  await observeDocker(docker, project, 'full', signal);
}

async function events(docker: DockerClient, signal: AbortSignal): Promise<void> {
  for await (const { project: of } of containerEvents(docker, signal)) if (of === '') break;
}

async function pull(docker: DockerClient, signal: AbortSignal): Promise<void> {
  await pullImages(docker, [image], [], () => undefined, signal);
}

async function follow(docker: DockerClient, signal: AbortSignal): Promise<void> {
  for await (const { text } of readLogs(docker, project, ['web'], { tail: 100, mode: 'Once' }, signal))
    if (text === project) break;
}

function ofHost(
  name: string,
  form: Form,
  place: Place,
  ask: (connection: Connection, signal: AbortSignal) => Promise<unknown>,
): Reader {
  return {
    name,
    read: async (answer, signal) => {
      await using host = await hostileHost({ answer: answer.name, form, place });
      const pool = new ConnectionPool();
      try {
        return await ask(await pool.get(host.target, signal), signal);
      } finally {
        await pool.close();
      }
    },
  };
}

function ofDocker(
  name: string,
  form: Form,
  path: string,
  ask: (docker: DockerClient, signal: AbortSignal) => Promise<unknown>,
  status = 200,
): Reader {
  return ofHost(name, form, { at: 'Docker', path, status }, async (connection, signal) => {
    const docker = dockerClient(connection);
    await docker.ready(signal);
    await ask(docker, signal);
  });
}
