/** A rendered compose file is read by the real docker compose, and every value arrives as it was meant. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHere } from '../../../release/render-here.ts';
import { ensureHostImage } from '../../../sandbox/host/host.ts';
import { silentProgress } from '../../../sandbox/index.ts';
import { ensureBaseImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { sandboxLabel, type Docker } from '../../../kit/docker.ts';
import { aComponent, aRelease, aRenderInput, aStack } from '../../support/release-builder.ts';

interface ReadProject {
  readonly name: string;
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly volumes: Readonly<Record<string, { readonly name: string }>>;
}

let docker: Docker;
let image: string;
let folder: string;
beforeAll(async () => {
  docker = await ensureDocker(silentProgress);
  await ensureBaseImage(docker, silentProgress);
  folder = await mkdtemp(join(tmpdir(), 'jtel-compose-'));
  image = await ensureHostImage(docker, 'compose', join(folder, 'build.log'));
});
afterAll(async () => await rm(folder, { recursive: true }));

/** What compose understood. It prints `$` doubled, as a file would need it. */
async function readByCompose(composeYaml: string): Promise<ReadProject> {
  const label = `${sandboxLabel}=release-test`;
  const container = [
    'run',
    '--rm',
    '-i',
    '--label',
    label,
    '--network',
    'none',
    '--entrypoint',
    'docker',
    image,
  ];
  const compose = ['compose', '-p', 'jtel-customers-acme', '-f', '-', 'config', '--format', 'json'];
  const printed = await docker.run([...container, ...compose], { input: composeYaml, timeoutSeconds: 60 });
  return JSON.parse(printed) as ReadProject;
}

const asCompose = (text: string): string => text.replaceAll('$', '$$$$');

describe('docker compose', () => {
  const values = {
    DOLLARS: '$HOME ${HOME} $$ $',
    QUOTES: `"double" 'single' \`back\``,
    YAML: '- a: &b *c # d | e > f ! g % h @ i',
    LINES: 'first\nsecond\n\tthird',
    BACKSLASH: 'C:\\new\\table \\n',
    NUMBER: '0777',
    BOOLEAN: 'yes',
    TIME: '12:30:00',
    EMPTY: '',
    UNICODE: 'Grüße, 世界 🎉',
  };

  it('reads every value as it was given', async () => {
    const env = Object.entries(values).map(([name, value]) => ({ name, value }));
    const { services } = await readByCompose(
      renderHere(aRenderInput({ stack: aStack({ components: [{ name: 'acd-web', env }] }) })).composeYaml,
    );
    const expected = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, asCompose(value)]),
    );
    expect(services['acd-web-1']?.['environment']).toEqual({ JTEL_FQDN: 'acme.jtel.example', ...expected });
  });

  it('reads the rights that a release in format 2 leaves its processes', async () => {
    const release = aRelease({ formatVersion: 2 });
    const { services } = await readByCompose(renderHere(aRenderInput({ release })).composeYaml);
    expect(services['acd-dbm']).toMatchObject({
      cap_drop: ['ALL'],
      cap_add: ['KILL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('accepts every setting that a component can have, and names that YAML could take for something else', async () => {
    const everything = aComponent('acd-fs1', {
      hostNetwork: true,
      capabilities: ['SYS_NICE'],
      user: '1000:1000',
      command: ['run', values.DOLLARS],
      entrypoint: ['/entry'],
      workingDirectory: '/srv',
      readOnlyRootFileSystem: true,
      sharedMemoryMiB: 64,
      stopGracePeriodSeconds: 60,
      kernelParameters: [{ name: 'kernel.shmmax', value: '1024' }],
      processLimits: [{ name: 'nofile', soft: 1024, hard: 2048 }],
      temporaryFileSystems: [{ target: '/tmp', sizeMiB: 1 }],
      health: { command: ['probe'], intervalSeconds: 2, startPeriodSeconds: 5 },
    });
    const components = [
      ...aRelease().components,
      everything,
      ...['y', 'no', 'null', 'true'].map((name) => aComponent(name)),
    ];
    const rendered = renderHere(aRenderInput({ release: aRelease({ components }) }));
    const { services, volumes } = await readByCompose(rendered.composeYaml);
    expect(Object.keys(services).toSorted()).toEqual(rendered.services.toSorted());
    expect(volumes).toEqual({
      database: { name: 'jtel-customers-acme_database' },
      files: { name: 'jtel-customers-acme_files' },
    });
    expect(services['acd-fs1']).toMatchObject({
      network_mode: 'host',
      cap_add: ['SYS_NICE'],
      user: '1000:1000',
      command: ['run', asCompose(values.DOLLARS)],
      read_only: true,
      stop_grace_period: '1m0s',
      ulimits: { nofile: { soft: 1024, hard: 2048 } },
      sysctls: { 'kernel.shmmax': '1024' },
    });
  });
});
