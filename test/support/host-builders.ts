/** Releases, owners and jobs for tests that drive compose hosts, real or fake. */
import { createHash } from 'node:crypto';
import type {
  Fence,
  ImageReference,
  JobCompanion,
  JobSpec,
  RenderedFile,
  RenderedRelease,
  StackOwner,
} from '../../host-driver/host.ts';
import { composeText, startFiles } from '../../host-driver/compose-files.ts';
import { optional } from '../../base/optional.ts';

export function anOwner(change: Partial<StackOwner> = {}): StackOwner {
  return { clusterID: 'cluster-1', namespace: 'demo', name: 'acme', uid: 'uid-acme', ...change };
}

export function aFence(epoch = 1, owner: StackOwner = anOwner()): Fence {
  return { owner, epoch };
}

export function aFile(content: string, mode = 0o644): RenderedFile {
  return { name: sha256(content), sha256: sha256(content), content, mode };
}

export interface ReleaseChange {
  /** Applies to the service `web` only. */
  readonly webSetting?: string;
  readonly dataDriverOptions?: Readonly<Record<string, string>>;
  /** Docker volume that a restore switched to. */
  readonly dataVolume?: string;
  readonly services?: readonly ('db' | 'web')[];
  readonly files?: readonly RenderedFile[];
  readonly secret?: string;
  /** Ports of the service `web`, as compose writes them. */
  readonly webPorts?: readonly string[];
  /** What `db` runs. By default it says that it is up, and sleeps. */
  readonly dbCommand?: string;
  /** By default it becomes healthy at once. */
  readonly dbHealth?: 'never';
}

/** A database with a health check, and a web server that depends on it. Both sleep, and stop quickly. */
export function aRelease(
  project: string,
  image: ImageReference,
  change: ReleaseChange = {},
): RenderedRelease {
  const {
    services: names = ['db', 'web'],
    webSetting = 'one',
    dataDriverOptions,
    dataVolume,
    secret = 'a password',
    dbHealth,
    webPorts,
  } = change;
  const password = aFile(secret, 0o600);
  const common = {
    image: `${image.repository}@${image.digest}`,
    command: ['sleep', 'infinity'],
    init: true,
    stop_grace_period: '1s',
  };
  const all = {
    db: {
      ...common,
      command: ['sh', '-c', change.dbCommand ?? 'echo database up; exec sleep infinity'],
      volumes: ['data:/data', `/opt/jtel/${project}/files/${password.sha256}:/run/password:ro`],
      healthcheck: {
        test: ['CMD', 'test', '-e', dbHealth === 'never' ? '/never' : '/data'],
        interval: '250ms',
        timeout: '5s',
        retries: dbHealth === 'never' ? 1000 : 30,
        start_period: '5s',
        start_interval: '250ms',
      },
    },
    web: {
      ...common,
      environment: { SETTING: webSetting },
      depends_on: { db: { condition: 'service_healthy' } },
      ...optional({ ports: webPorts }),
    },
  };
  const model = {
    name: project,
    services: Object.fromEntries(names.map((name) => [name, all[name]])),
    volumes: {
      data:
        dataVolume === undefined
          ? dataDriverOptions === undefined
            ? {}
            : { driver_opts: dataDriverOptions }
          : { name: dataVolume, external: true },
    },
  };
  const composeYaml = composeText(model);
  const files = [password, ...(change.files ?? [])];
  const digest = sha256(JSON.stringify([composeYaml, files, image]));
  return {
    digest,
    version: '3.43.2',
    composeYaml,
    composeVolumes: model.volumes,
    start: startFiles(model),
    files,
    images: [image],
    volumes: ['data'],
    services: names,
  };
}

/** A job that reports progress on the way, then its result. It proves that its input was there. */
export function aJob(
  uid: string,
  project: string,
  image: ImageReference,
  change: Partial<JobSpec> = {},
): JobSpec {
  const script = `
    echo '{"progress":{"step":"reading","percent":50}}'
    test "$(stat -c %a /run/job/spec.json)" = 600 && echo "{\\"result\\":$(cat /run/job/spec.json)}"`;
  return {
    uid,
    type: 'load',
    image,
    command: ['sh', '-c', script],
    volumes: [{ volume: `${project}_files`, target: '/files', readOnly: false }],
    input: { answer: 42 },
    memoryBytes: 64 * 2 ** 20,
    ...change,
  };
}

/** A companion that reports through the exchange volume what it was given, once the main container asks. */
export function aCompanion(image: ImageReference, change: Partial<JobCompanion> = {}): JobCompanion {
  const script = `
    trap 'exit 0' TERM
    until [ -e /run/exchange/asked ]; do sleep 0.1; done
    stat -c %a /run/jtel/password.cnf >/run/exchange/.answer && cat /run/jtel/password.cnf >>/run/exchange/.answer
    mv /run/exchange/.answer /run/exchange/answer; while :; do sleep 0.1; done`;
  return {
    name: 'producer',
    image,
    entrypoint: ['sh', '-c'],
    command: [script],
    volumes: [],
    files: [{ path: '/run/jtel/password.cnf', content: 'canary', mode: 0o600 }],
    memoryBytes: 64 * 2 ** 20,
    ...change,
  };
}

/** Asks {@link aCompanion}, and gives its answer as the result. */
export function aJobWithCompanion(
  uid: string,
  project: string,
  image: ImageReference,
  change: Partial<JobSpec> = {},
): JobSpec {
  const script = `
    touch /run/exchange/asked
    until [ -e /run/exchange/answer ]; do sleep 0.1; done
    echo "{\\"result\\":\\"$(tr '\\n' ' ' </run/exchange/answer)\\"}"`;
  return aJob(uid, project, image, {
    type: 'paired',
    command: ['sh', '-c', script],
    input: '600 canary',
    companions: [aCompanion(image)],
    exchange: '/run/exchange',
    ...change,
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
