import { describe, expect, it } from 'vitest';
import { aComponent, aRelease } from '../test/support/release-builder.ts';
import { databaseFiles } from './database-files.ts';
import type { Component, Release } from './generated/release.ts';
import { ReleaseInvalidError } from './release-invalid-error.ts';
import { validateRelease, type ReleaseForm } from './validate.ts';

function problemsOf(document: unknown, form: ReleaseForm = 'Published'): readonly string[] {
  try {
    validateRelease(document, form);
    return [];
  } catch (error) {
    if (error instanceof ReleaseInvalidError) return error.problems;
    throw error;
  }
}

/** The release with one component changed. */
function withComponent(name: string, fields: Partial<Component>): Release {
  const release = aRelease();
  return {
    ...release,
    components: release.components.map((component) =>
      component.name === name ? { ...component, ...fields } : component,
    ),
  };
}

describe('a manifest', () => {
  it('that is whole is accepted as it is', () => {
    const release = aRelease();
    expect(validateRelease(release, 'Published')).toBe(release);
  });

  it.each([null, 'text', 42, [], {}, { formatVersion: 1 }])('%j is refused', (document) => {
    expect(problemsOf(document)).not.toEqual([]);
  });

  it('of a newer format is refused with what to do, and nothing else', () => {
    expect(problemsOf({ ...aRelease(), formatVersion: 4 })).toEqual([
      expect.stringContaining('use a newer jtel-operator'),
    ]);
  });

  it('with an unknown field is refused, whatever the depth', () => {
    expect(problemsOf({ ...aRelease(), extra: 1 })).toEqual(['unknown field "extra"']);
    expect(problemsOf(withComponent('acd-web', { privileged: true } as Partial<Component>))).toEqual([
      'components[3] (acd-web): unknown field "privileged"',
    ]);
  });

  it('of each format that is known is accepted', () => {
    for (const formatVersion of [1, 2, 3]) expect(problemsOf({ ...aRelease(), formatVersion })).toEqual([]);
  });

  it.each(['SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_BOOT', 'MAC_ADMIN', 'DAC_READ_SEARCH', 'BPF', 'ALL'])(
    'with the capability %s, which gives away the host, is refused, and told which there are',
    (capability) => {
      const wanted = { capabilities: [capability] } as Partial<Component> as Component;
      expect(problemsOf(withComponent('acd-web', wanted))).toEqual([
        expect.stringMatching(new RegExp(`acd-web.*"${capability}" is not one of AUDIT_READ, .*SYS_NICE`)),
      ]);
    },
  );

  it.each(['NET_ADMIN', 'SYS_RESOURCE', 'SYS_PTRACE', 'SYS_TIME'] as const)(
    'with the capability %s is accepted in format 1, which stacks run, and refused in format 2',
    (capability) => {
      const release = withComponent('acd-web', { capabilities: [capability] });
      expect(problemsOf(release)).toEqual([]);
      expect(problemsOf({ ...release, formatVersion: 2 })).toEqual([
        expect.stringMatching(new RegExp(`acd-web.*${capability} is not one of those of format 2: AUDIT_W`)),
      ]);
    },
  );

  it('with essential components is accepted from format 3 on, and with no essential task', () => {
    const marked = (formatVersion: number, fields: Partial<Component> = {}): unknown => ({
      ...withComponent('acd-web', { essential: true, ...fields }),
      formatVersion,
    });
    expect(problemsOf(marked(3))).toEqual([]);
    for (const formatVersion of [1, 2])
      expect(problemsOf(marked(formatVersion))).toEqual([
        expect.stringMatching(/acd-web.*essential needs formatVersion 3/),
      ]);
    expect(problemsOf(marked(3, { kind: 'Task' }))).toEqual([expect.stringMatching(/acd-web.*Task/)]);
  });

  it('with what media need is accepted in format 2', () => {
    const release = withComponent('acd-web', { capabilities: ['IPC_LOCK', 'NET_RAW', 'SYS_NICE'] });
    expect(problemsOf({ ...release, formatVersion: 2 })).toEqual([]);
  });

  it('names every problem, not only the first', () => {
    const problems = problemsOf({ ...aRelease(), version: 'latest', registry: 'https://registry' });
    expect(problems).toHaveLength(2);
  });

  it('shows at most twenty problems and the number of the rest in its message', () => {
    const problems = Array.from({ length: 25 }, (_, index) => `problem ${index}`);
    const { message } = new ReleaseInvalidError('release.yaml', problems);
    expect(message).toContain('release.yaml is not a valid release manifest');
    expect(message).toContain('… and 5 more');
  });
});

describe('hostile text is refused', () => {
  it.each([
    '../up',
    'a/../b',
    '/absolute',
    './a',
    'a//b',
    'a/',
    '',
    'a\\b',
    'a\nb',
    '.hidden',
    'a/..',
    '-rf',
  ])('as a template path: %j', (template) => {
    expect(
      problemsOf(withComponent('acd-haproxy', { files: [{ template, target: '/etc/a' }] }), 'Draft'),
    ).not.toEqual([]);
  });

  it.each(['../up.zst', '/etc/passwd', 'vanilla/../../x', 'release.json'])(
    'as the path of vanilla data: %j',
    (path) => {
      expect(problemsOf({ ...aRelease(), vanilla: [{ kind: 'Database', path }] }, 'Draft')).not.toEqual([]);
    },
  );

  it.each(['etc/relative', '/etc/../shadow', '/etc/./x', '/', '/etc//x', '/a b', '/a:b', '/a$b', '/a\n'])(
    'as a target: %j',
    (target) => {
      const files = [{ template: 'config/haproxy.cfg.liquid', target }];
      expect(problemsOf(withComponent('acd-haproxy', { files }))).not.toEqual([]);
    },
  );

  it.each(['../**', 'a/../b', '/logs', 'a/..', '..', './a'])('as an exclude: %j', (exclude) => {
    const fileTrees = [{ name: 'files', volume: 'files', uid: 0, gid: 0, excludes: [exclude] }];
    expect(problemsOf({ ...aRelease(), fileTrees })).not.toEqual([]);
  });

  it.each(['**', 'recordings/**', 'a..b/*.log'])('while this exclude is fine: %j', (exclude) => {
    const fileTrees = [{ name: 'files', volume: 'files', uid: 0, gid: 0, excludes: [exclude] }];
    expect(problemsOf({ ...aRelease(), fileTrees })).toEqual([]);
  });

  it.each(['UPPER', 'a_b', '-a', 'a-', 'a.b', 'a b', 'x'.repeat(41), '1st'])(
    'as a component name: %j',
    (name) => {
      const release = aRelease();
      expect(problemsOf({ ...release, components: [...release.components, aComponent(name)] })).not.toEqual(
        [],
      );
    },
  );

  it.each(['sha256:short', `sha512:${'a'.repeat(64)}`, `sha256:${'A'.repeat(64)}`])(
    'as a digest: %j',
    (value) => {
      expect(
        problemsOf(
          withComponent('acd-web', { image: { repository: 'jtel/acd-web', tag: '1', digest: value } }),
        ),
      ).not.toEqual([]);
    },
  );

  it.each([
    '80',
    '80:80',
    '80:80/sctp',
    '0:80/tcp',
    '80:70000/tcp',
    '1.2.3:80:80/tcp',
    '300.1.1.1:80:80/tcp',
    '80:80/tcp ',
  ])('as a published port: %j', (port) => {
    expect(problemsOf(withComponent('acd-haproxy', { publish: [port] }))).not.toEqual([]);
  });

  it.each(['registry/path', 'user@registry', 'registry:99999', '-registry', 'registry:'])(
    'as a registry: %j',
    (registry) => {
      expect(problemsOf({ ...aRelease(), registry })).not.toEqual([]);
    },
  );

  it.each(['3.43', 'v3.43.2', '3.43.2+build', '03.1.1', '3.43.2 ', '3.43.2-rc1', '3.43.2-a..b'])(
    'as a version: %j',
    (version) => {
      expect(problemsOf({ ...aRelease(), version })).not.toEqual([]);
    },
  );
});

const withPhysical = (change: Partial<NonNullable<Release['database']['physical']>>): Release => {
  const release = aRelease();
  return {
    ...release,
    database: {
      ...release.database,
      physical: { volume: 'database', dataDirectory: '/var/lib/mysql/data', uid: 999, gid: 999, ...change },
    },
  };
};

describe('the files of the database', () => {
  it.each([
    ['/var/lib/mysql/data', 'data'],
    ['/var/lib/mysql', '.'],
  ])('in %s are at %s of the volume', (dataDirectory, relativeDirectory) => {
    const release = withPhysical({ dataDirectory });
    expect(problemsOf(release)).toEqual([]);
    expect(databaseFiles(release)).toEqual({
      volume: 'database',
      mountPath: '/var/lib/mysql',
      dataDirectory,
      relativeDirectory,
      uid: 999,
      gid: 999,
    });
  });

  it('are unknown when the release does not say', () => {
    expect(databaseFiles(aRelease())).toBeUndefined();
  });
});

describe('references', () => {
  const bend: readonly [string, Release, string][] = [
    [
      'to a component that is not there',
      withComponent('acd-web', { dependsOn: [{ component: 'acd-gone', condition: 'started' }] }),
      'there is no component acd-gone',
    ],
    [
      'to a component further down, so also cycles',
      withComponent('acd-dbm', { dependsOn: [{ component: 'acd-web', condition: 'started' }] }),
      'must be listed above it',
    ],
    [
      'to itself',
      withComponent('acd-dbm', { dependsOn: [{ component: 'acd-dbm', condition: 'started' }] }),
      'must be listed above it',
    ],
    [
      'to the health of a component without',
      withComponent('acd-web', {
        dependsOn: [{ component: 'acd-dbs', condition: 'healthy', optional: true }],
      }),
      'has no health',
    ],
    [
      'to the end of a service',
      withComponent('acd-web', { dependsOn: [{ component: 'acd-dbm', condition: 'completed' }] }),
      'is not a Task',
    ],
    [
      'to an optional component without saying so',
      withComponent('acd-web', { dependsOn: [{ component: 'acd-dbs', condition: 'started' }] }),
      'is optional',
    ],
    [
      'to a volume that is not declared',
      withComponent('acd-web', { volumes: [{ volume: 'gone', target: '/x' }] }),
      'volume gone is not declared',
    ],
    [
      'to a secret that is not declared',
      withComponent('acd-web', { secrets: [{ name: 'gone' }] }),
      'secret gone is not declared',
    ],
    [
      'to a template that is not stored',
      { ...aRelease(), templates: [] },
      'config/haproxy.cfg.liquid is named by a component but not stored',
    ],
    [
      'to a database component that is not there',
      { ...aRelease(), database: { component: 'gone', schemas: ['a'], rootSecret: 'tls' } },
      'there is no component gone',
    ],
    [
      'to a root secret that is none',
      { ...aRelease(), database: { component: 'acd-dbm', schemas: ['a'], rootSecret: 'tls' } },
      'no Generated secret tls',
    ],
    [
      "to a volume with the database's files that the database does not mount",
      withPhysical({ volume: 'files' }),
      'does not mount files at /var/lib/mysql',
    ],
    [
      'to a data directory outside of the volume',
      withPhysical({ dataDirectory: '/var/lib/mysql-data' }),
      'does not mount database at /var/lib/mysql-data',
    ],
    [
      'to a file tree that is not there',
      {
        ...aRelease(),
        vanilla: [{ kind: 'FileTree', name: 'gone', path: 'v', bytes: 1, sha256: 'a'.repeat(64) }],
      },
      'no file tree gone',
    ],
  ];
  it.each(bend)('%s', (_, release, problem) => {
    expect(problemsOf(release)).toEqual([expect.stringContaining(problem)]);
  });
});

describe('combinations that make no sense', () => {
  const bend: readonly [string, Release, string][] = [
    [
      'host network and published ports',
      withComponent('acd-haproxy', { hostNetwork: true }),
      'cannot publish ports',
    ],
    [
      'one target twice',
      withComponent('acd-haproxy', { volumes: [{ volume: 'files', target: '/run/secrets/tls' }] }),
      '/run/secrets/tls is the target of more than one mount',
    ],
    [
      'secrets for a user who cannot read them',
      withComponent('acd-dbm', { user: '1000:1000' }),
      'could not read its secrets',
    ],
    [
      'replicas in the wrong order',
      withComponent('acd-web', { replicas: { default: 9, minimum: 1, maximum: 8 } }),
      'does not hold',
    ],
    [
      'replicas of a published port',
      withComponent('acd-haproxy', { replicas: { default: 1, minimum: 1, maximum: 2 } }),
      'cannot share a published port',
    ],
    [
      'a port of the host twice',
      withComponent('acd-web', { replicas: { default: 1, minimum: 1, maximum: 1 }, publish: ['443:1/tcp'] }),
      'port 443/tcp of the host is taken',
    ],
    [
      'a service name twice',
      { ...aRelease(), components: [...aRelease().components, aComponent('acd-web-1')] },
      'service names: acd-web-1',
    ],
    ['an update from itself', { ...aRelease(), updatableFrom: ['>=3.43.0'] }, 'contains 3.43.2 itself'],
    [
      'a port range backwards',
      { ...aRelease(), ports: [{ group: 'sip', protocol: 'udp', from: 9, to: 8 }] },
      'wrong order',
    ],
    [
      'a file tree with the name of the database',
      { ...aRelease(), fileTrees: [{ name: 'database', volume: 'files', uid: 1, gid: 1 }] },
      'own data set',
    ],
    [
      'a volume that nobody mounts',
      { ...aRelease(), volumes: ['database', 'files', 'idle'] },
      'no component mounts idle',
    ],
  ];
  it.each(bend)('%s', (_, release, problem) => {
    expect(problemsOf(release)).toEqual([expect.stringContaining(problem)]);
  });
});

it('a draft may lack what publish fills in, a published manifest may not', () => {
  const release = withComponent('acd-web', { image: { repository: 'jtel/acd-web', tag: '3.43.2' } });
  const { templates: _, ...draft } = {
    ...release,
    vanilla: [{ kind: 'Database' as const, path: 'vanilla/database.sql.zst' }],
  };
  expect(problemsOf(draft, 'Draft')).toEqual([]);
  expect(problemsOf(draft, 'Published')).toHaveLength(3);
});
