import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { aComponent, aRelease, aRenderInput, aStack } from '../test/support/release-builder.ts';
import type { Component } from './generated/release.ts';
import { renderHere } from './render-here.ts';
import { RenderError, type ComponentOverride, type RenderInput } from './stack-input.ts';

interface ComposeService {
  readonly image: string;
  readonly environment?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}
interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const composeOf = (input: RenderInput): ComposeFile => parse(renderHere(input).composeYaml) as ComposeFile;
const withOverrides = (...components: readonly ComponentOverride[]): RenderInput =>
  aRenderInput({ stack: aStack({ components }) });
const withComponents = (...components: readonly Component[]): RenderInput =>
  aRenderInput({ release: aRelease({ components: [...components] }) });

describe('services', () => {
  it('come in start order, replicas numbered from one', () => {
    expect(renderHere(aRenderInput()).services).toEqual([
      'acd-dbm',
      'acd-dbs',
      'acd-task-runner',
      'acd-web-1',
      'acd-web-2',
      'acd-haproxy',
    ]);
  });

  it('keep their number when there is one replica, so that a second one changes nothing for the first', () => {
    const one = composeOf(withOverrides({ name: 'acd-web', replicas: 1 }));
    const two = composeOf(withOverrides({ name: 'acd-web', replicas: 2 }));
    expect(Object.keys(one.services)).not.toContain('acd-web-2');
    expect(one.services['acd-web-1']).toEqual(two.services['acd-web-1']);
  });

  it('name their image by digest, never by tag', () => {
    for (const { image } of Object.values(composeOf(aRenderInput()).services))
      expect(image).toMatch(/^registry\.jtel\.example\/jtel\/[a-z-]+@sha256:a{64}$/);
  });

  it('wait for every replica of what they depend on', () => {
    const { components } = aRelease();
    const last = aComponent('acd-tel1', { dependsOn: [{ component: 'acd-web', condition: 'started' }] });
    const { services } = composeOf(withComponents(...components, last));
    expect(services['acd-tel1']?.depends_on).toEqual({
      'acd-web-1': { condition: 'service_started' },
      'acd-web-2': { condition: 'service_started' },
    });
  });

  it('restart unless they are tasks', () => {
    const { services } = composeOf(
      withComponents(...aRelease().components, aComponent('acd-init', { kind: 'Task' })),
    );
    expect(services['acd-init']?.['restart']).toBe('no');
    expect(services['acd-dbm']?.['restart']).toBe('unless-stopped');
  });

  it('have limits of the size, and the stack’s own where it gives them', () => {
    const { services } = composeOf(
      aRenderInput({
        stack: aStack({ size: 'Large', components: [{ name: 'acd-web', resources: { memoryMiB: 777 } }] }),
      }),
    );
    expect(services['acd-dbm']).toMatchObject({ cpus: 4, mem_limit: '1024m' });
    expect(services['acd-web-1']).toMatchObject({ cpus: 4, mem_limit: '777m' });
  });

  it('carry every setting that a component can have', () => {
    const component = aComponent('acd-fs1', {
      hostNetwork: true,
      capabilities: ['SYS_NICE'],
      user: '1000:1000',
      command: ['run', '$HOME'],
      entrypoint: ['/entry'],
      workingDirectory: '/srv',
      readOnlyRootFileSystem: true,
      sharedMemoryMiB: 64,
      stopGracePeriodSeconds: 60,
      kernelParameters: [{ name: 'kernel.shmmax', value: '1024' }],
      processLimits: [{ name: 'nofile', soft: 1024, hard: 2048 }],
      temporaryFileSystems: [{ target: '/tmp', sizeMiB: 1 }],
      health: {
        command: ['probe'],
        intervalSeconds: 2,
        startIntervalSeconds: 1,
        timeoutSeconds: 3,
        retries: 4,
        startPeriodSeconds: 5,
      },
    });
    expect(composeOf(withComponents(...aRelease().components, component)).services['acd-fs1']).toMatchObject({
      network_mode: 'host',
      cap_add: ['SYS_NICE'],
      user: '1000:1000',
      command: ['run', '$$HOME'],
      entrypoint: ['/entry'],
      working_dir: '/srv',
      read_only: true,
      shm_size: '64m',
      stop_grace_period: '60s',
      sysctls: { 'kernel.shmmax': '1024' },
      ulimits: { nofile: { soft: 1024, hard: 2048 } },
      volumes: [{ type: 'tmpfs', target: '/tmp', tmpfs: { size: 1_048_576 } }],
      healthcheck: {
        test: ['CMD', 'probe'],
        interval: '2s',
        timeout: '3s',
        retries: 4,
        start_period: '5s',
        start_interval: '1s',
      },
    });
  });
});

function rightsOf(formatVersion: 1 | 2, capabilities?: Component['capabilities']): unknown {
  const component = aComponent('acd-fs1', capabilities === undefined ? {} : { capabilities });
  const release = aRelease({ formatVersion, components: [...aRelease().components, component] });
  const service = composeOf(aRenderInput({ release })).services['acd-fs1'];
  return ['cap_drop', 'cap_add', 'security_opt'].map((field) => service?.[field]);
}

describe('what processes may', () => {
  it('is in format 1 as it always was, so an upgraded operator recreates nothing', () => {
    expect(rightsOf(1)).toEqual([undefined, undefined, undefined]);
    expect(rightsOf(1, ['SYS_NICE'])).toEqual([undefined, ['SYS_NICE'], undefined]);
  });

  it('is in format 2 what the component lists, and to be stopped', () => {
    const never = ['no-new-privileges:true'];
    expect(rightsOf(2)).toEqual([['ALL'], ['KILL'], never]);
    expect(rightsOf(2, ['SYS_NICE'])).toEqual([['ALL'], ['KILL', 'SYS_NICE'], never]);
  });
});

describe('a disabled component', () => {
  it('goes, and optional edges to it go too', () => {
    const { components } = aRelease();
    const reader = aComponent('acd-tel1', {
      dependsOn: [{ component: 'acd-dbs', condition: 'started', optional: true }],
    });
    const input = withComponents(...components, reader);
    const { services } = composeOf({
      ...input,
      stack: aStack({ components: [{ name: 'acd-dbs', state: 'Disabled' }] }),
    });
    expect(Object.keys(services)).not.toContain('acd-dbs');
    expect(services['acd-tel1']).not.toHaveProperty('depends_on');
  });

  it('is refused when the release needs it', () => {
    expect(() => renderHere(withOverrides({ name: 'acd-dbm', state: 'Disabled' }))).toThrow(
      'acd-dbm cannot be disabled',
    );
  });

  it('is refused when another one that runs needs it', () => {
    const { components } = aRelease();
    const reader = aComponent('acd-stats', {
      optional: true,
      dependsOn: [{ component: 'acd-dbs', condition: 'started' }],
    });
    const input = withComponents(...components, reader);
    expect(() =>
      renderHere({ ...input, stack: aStack({ components: [{ name: 'acd-dbs', state: 'Disabled' }] }) }),
    ).toThrow('disable acd-stats too, or enable acd-dbs');
  });
});

describe('wishes that the release cannot fulfil are refused with what to do', () => {
  const wishes: readonly [string, ComponentOverride, string][] = [
    ['an unknown component', { name: 'acd-wbe' }, 'has no component acd-wbe; it has acd-dbm,'],
    ['too many replicas', { name: 'acd-web', replicas: 9 }, '1 to 8 replicas, not 9'],
    ['replicas of a single', { name: 'acd-dbm', replicas: 2 }, 'runs exactly once'],
    ['nonsense as cpus', { name: 'acd-web', resources: { cpus: '1; rm' } }, 'decimal number'],
    [
      'a variable with a hostile name',
      { name: 'acd-web', env: [{ name: 'A=B\nC', value: '' }] },
      'not a variable',
    ],
    [
      'control characters in a variable',
      { name: 'acd-web', env: [{ name: 'A', value: 'x\u2028y' }] },
      'control characters',
    ],
    [
      'a secret that is not there',
      { name: 'acd-web', env: [{ name: 'A', secretKeyRef: { name: 's', key: 'k' } }] },
      'Secret s has no key k',
    ],
  ];
  it.each(wishes)('%s', (_, override, message) => {
    expect(() => renderHere(withOverrides(override))).toThrow(RenderError);
    expect(() => renderHere(withOverrides(override))).toThrow(message);
  });

  it('an image without digest', () => {
    const release = aRelease();
    const components = release.components.map((component) => ({
      ...component,
      image: { repository: 'jtel/x', tag: '1' },
    }));
    expect(() => renderHere(aRenderInput({ release: { ...release, components } }))).toThrow(
      'release publish',
    );
  });
});

describe('files', () => {
  it('lie at the path of their content, so that a change recreates exactly the services that mount them', () => {
    const before = composeOf(aRenderInput());
    const after = composeOf(aRenderInput({ templates: new Map([['config/haproxy.cfg.liquid', 'changed']]) }));
    const changed = Object.keys(after.services).filter(
      (name) => JSON.stringify(after.services[name]) !== JSON.stringify(before.services[name]),
    );
    expect(changed).toEqual(['acd-haproxy']);
  });

  it('are all mounted read-only from the project’s folder, and every mounted one is delivered', () => {
    const rendered = renderHere(aRenderInput());
    const mounts = Object.values((parse(rendered.composeYaml) as ComposeFile).services)
      .flatMap((service) => service.volumes ?? [])
      .filter((mount) => mount['type'] === 'bind');
    expect(mounts).not.toEqual([]);
    for (const mount of mounts)
      expect(mount).toMatchObject({ read_only: true, bind: { create_host_path: false } });
    const sources = new Set(mounts.map((mount) => mount['source']));
    expect(sources).toEqual(
      new Set(rendered.files.map((file) => `/opt/jtel/jtel-customers-acme/files/${file.name}`)),
    );
  });

  describe('with secrets have names', () => {
    const key = 'ab'.repeat(32);
    const namesWith = (input: Partial<RenderInput>): ReadonlyMap<string, string> =>
      new Map(renderHere(aRenderInput(input)).files.map(({ content, name }) => [String(content), name]));
    const plain = (content: string): string => createHash('sha256').update(content).digest('hex');

    it('with which nobody can try guesses', () => {
      const names = namesWith({ fileNames: { key, plain: [] } });
      expect(names.get('PEM')).toMatch(/^[0-9a-f]{64}$/);
      expect(names.get('PEM')).not.toBe(plain('PEM'));
      expect(namesWith({ fileNames: { key: 'cd'.repeat(32), plain: [] } }).get('PEM')).not.toBe(
        names.get('PEM'),
      );
      const others = [...names].filter(([content]) => content.startsWith('server'));
      expect(others).toEqual(others.map(([content]) => [content, plain(content)]));
    });

    it('that stay while their content does, so an upgrade starts nothing anew', () => {
      const before = renderHere(aRenderInput());
      const kept = before.files.filter(({ mode }) => mode === 0o600).map(({ sha256 }) => sha256);
      const fileNames = { key, plain: kept };
      expect(renderHere(aRenderInput({ fileNames })).digest).toBe(before.digest);
      expect(renderHere(aRenderInput({ fileNames })).composeYaml).toBe(before.composeYaml);
      const secrets = { ...aRenderInput().secrets };
      const release = new Map([...secrets.release, ['tls', 'RENEWED']]);
      const names = namesWith({ fileNames, secrets: { ...secrets, release } });
      expect(names.get('RENEWED')).not.toBe(plain('RENEWED'));
      expect([...names.values()].filter((name) => kept.includes(name))).toHaveLength(kept.length - 1);
    });
  });

  it('with secrets are for root only', () => {
    const { files } = renderHere(aRenderInput());
    expect(files.find((file) => file.content === 'PEM')?.mode).toBe(0o600);
    expect(files.find((file) => String(file.content).startsWith('server'))?.mode).toBe(0o644);
  });

  it('never put a secret into the compose file, not even one of an environment variable', () => {
    const input = withOverrides({
      name: 'acd-web',
      env: [{ name: 'API_KEY', secretKeyRef: { name: 's', key: 'k' } }],
    });
    const secrets = {
      release: new Map([
        ['database-root-password', 'canary-1'],
        ['tls', 'canary-2'],
      ]),
      environment: new Map([['s/k', 'canary-3']]),
    };
    const rendered = renderHere({ ...input, secrets });
    expect(rendered.composeYaml).not.toContain('canary');
    expect((parse(rendered.composeYaml) as ComposeFile).services['acd-web-1']?.environment).toContain(
      'API_KEY_FILE=/run/secrets/environment/API_KEY',
    );
    expect(rendered.files.map((file) => file.content)).toContain('canary-3');
  });

  it('of a secret without a value stop the rendering', () => {
    expect(() =>
      renderHere(aRenderInput({ secrets: { release: new Map(), environment: new Map() } })),
    ).toThrow('database-root-password has no value');
  });

  it('cannot be a secret and readable for all at once', () => {
    const templates = new Map([['config/haproxy.cfg.liquid', 'PEM']]);
    expect(() => renderHere(aRenderInput({ templates }))).toThrow('must not equal');
  });
});

describe('environment', () => {
  it('is the release’s, rendered, then the stack’s', () => {
    const { services } = composeOf(
      withOverrides({
        name: 'acd-web',
        env: [
          { name: 'EXTRA', value: 'yes: "no" # $PATH' },
          { name: 'JTEL_FQDN', value: 'mine' },
        ],
      }),
    );
    expect(services['acd-web-1']?.environment).toEqual(['JTEL_FQDN=mine', 'EXTRA=yes: "no" # $$PATH']);
  });

  it('of a stack is not a template', () => {
    const { services } = composeOf(
      withOverrides({ name: 'acd-web', env: [{ name: 'A', value: '{{ stack.name }}' }] }),
    );
    expect(services['acd-web-1']?.environment).toContain('A={{ stack.name }}');
  });
});

describe('the digest', () => {
  it('is the same for the same input', () => {
    const [one, other] = [renderHere(aRenderInput()), renderHere(aRenderInput())];
    expect(one).toEqual(other);
    expect(one.composeYaml).toBe(other.composeYaml);
  });

  it('does not depend on the order in which the stack lists its components', () => {
    const overrides: readonly ComponentOverride[] = [
      { name: 'acd-web', replicas: 3 },
      { name: 'acd-dbs', state: 'Disabled' },
    ];
    expect(renderHere(withOverrides(...overrides)).digest).toBe(
      renderHere(withOverrides(...overrides.toReversed())).digest,
    );
  });

  /**
   * A host keeps the text that it got with a digest. So a change that only lets the same model make another
   * text reaches no host that has the release, and a digest of the model alone reaches hosts for nothing.
   */
  it('and the text change together: whoever changes one here changes the other', () => {
    const { composeYaml, digest, start } = renderHere(aRenderInput());
    const text = createHash('sha256')
      .update(JSON.stringify([composeYaml, start]))
      .digest('hex');
    expect([digest, text].map((sha256) => sha256.slice(0, 12))).toEqual(['4835eb61b4e6', 'e9eed865bb94']);
  });

  it('is the same whether or not the release says which series its database has, which is told beside it', () => {
    const plain = aRelease();
    const told = renderHere(
      aRenderInput({ release: aRelease({ database: { ...plain.database, series: '11.8' } }) }),
    );
    const silent = renderHere(aRenderInput());
    expect(told.digest).toBe(silent.digest);
    expect(silent.database).toBeUndefined();
    expect(told.database).toEqual({
      service: 'acd-dbm',
      image: expect.stringMatching(/\/acd-dbm@sha256:[0-9a-f]{64}$/),
      series: '11.8',
    });
  });

  const changes: readonly [string, RenderInput][] = [
    [
      'a secret',
      aRenderInput({
        secrets: {
          release: new Map([
            ['database-root-password', 'other'],
            ['tls', 'PEM'],
          ]),
          environment: new Map(),
        },
      }),
    ],
    ['a replica', withOverrides({ name: 'acd-web', replicas: 3 })],
    ['the size', aRenderInput({ stack: aStack({ size: 'Medium' }) })],
    ['the name', aRenderInput({ stack: aStack({ network: { fqdn: 'other.jtel.example' } }) })],
    ['the version', aRenderInput({ release: aRelease({ version: '3.43.3' }) })],
  ];
  it.each(changes)('changes with %s', (_, input) => {
    expect(renderHere(input).digest).not.toBe(renderHere(aRenderInput()).digest);
  });
});
