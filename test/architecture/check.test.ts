/** The checker is shown to find each kind of violation: a rule that cannot fail would protect nothing. */
import { describe, expect, test } from 'vitest';
import { violations } from './check.ts';

/** Violations of a repository that consists of these files. */
function found(files: Readonly<Record<string, string>>): string {
  return violations(Object.entries(files).map(([path, text]) => ({ path, text }))).join('\n');
}

describe('layers', () => {
  test.for([
    ['crds/index.ts', '../release/render.ts'],
    ['jobs/a.ts', '../crds/index.ts'],
    ['host-driver/connect.ts', '../release/render.ts'],
    ['host-driver/a.ts', '../controllers/inputs/a.ts'],
    ['blob-store/memory.ts', '../runtime/index.ts'],
    ['runtime/cache.ts', '../../host-driver/host.ts'],
    ['runtime/cache.ts', '../config.ts'],
    ['controllers/stack/plan.ts', '../backup/plan.ts'],
    ['controllers/stack/plan.ts', '../../operator/main.ts'],
    ['controllers/inputs/a.ts', '../stack/plan.ts'],
    ['controllers/stack/plan.ts', '../../test/support/wait.ts'],
    ['kubectl-jtel/plan/plan.ts', '../../sandbox/index.ts'],
    ['kubectl-jtel/plan/plan.ts', '../../operator/main.ts'],
    ['kit/docker.ts', '../images/images.ts'],
    ['images/images.ts', '../sandbox/index.ts'],
    ['toolbox/main.ts', '../host-driver/host.ts'],
    ['runtime/objects.ts', '../crds/index.ts'],
  ] as const)('%s must not import %s', ([path, specifier]) => {
    expect(found({ [path]: `import { x } from '${specifier}';` })).toContain(`${path} imports`);
  });

  test.for([
    ['crds/a.ts', './b.ts'],
    ['release/render.ts', '../host-driver/rendered-release.ts'],
    ['host-driver/ssh/pool.ts', '../../crds/index.ts'],
    ['controllers/stack/plan.ts', '../inputs/a.ts'],
    ['controllers/stack/execute.ts', '../../host-driver/host.ts'],
    ['operator/main.ts', '../controllers/stack/index.ts'],
    ['operator/commands/program.ts', '../operator/main.ts'],
    ['test/e2e/stage.ts', '../../host-driver/connect.ts'],
    ['host-driver/ssh/pool.story.test.ts', '../../test/support/wait.ts'],
  ] as const)('%s may import %s', ([path, specifier]) => {
    expect(found({ [path]: `import { x } from '${specifier}';` })).toBe('');
  });

  test.for([
    `import type { X } from '../release/x.ts';`,
    `import {\n  a,\n  type B,\n} from '../release/x.ts';`,
    `export * from '../release/x.ts';`,
    `export { a } from "../release/x.ts";`,
    `import '../release/x.ts';`,
    `const x = await import('../release/x.ts');`,
  ])('are seen in every form of import: %s', (text) => {
    expect(found({ 'crds/index.ts': text })).toContain('crds/index.ts imports release/x.ts');
  });

  test('do not mind what comments and texts say', () => {
    expect(
      found({
        'crds/index.ts': `// see import x from '../release/x.ts'\n/**\n * import y from '../release/y.ts'\n */\nexport const a = 1;`,
      }),
    ).toBe('');
  });

  test('are asked for when a new folder appears', () => {
    expect(found({ 'helpers/a.ts': '' })).toContain('helpers/a.ts belongs to no layer');
    expect(found({ 'controllers/fleet/plan.ts': '' })).toContain('belongs to no layer');
  });
});

describe('the door of a controller', () => {
  test.for([
    ['operator/main.ts', '../controllers/backup/reconcile.ts'],
    ['kubectl-jtel/a.ts', '../controllers/schedule/plan/prune.ts'],
    ['test/campaigns/a.ts', '../../controllers/store/observe/observe.ts'],
    ['controllers/stack/a.story.test.ts', '../restore/model.ts'],
    ['operator/main.ts', '../controllers/backup/testing.ts'],
  ] as const)('is passed by: %s must not import %s', ([path, specifier]) => {
    expect(found({ [path]: `import type { X } from '${specifier}';` })).toContain('others import only');
  });

  test.for([
    ['operator/main.ts', '../controllers/backup/index.ts'],
    ['test/campaigns/a.ts', '../../controllers/store/testing.ts'],
    ['controllers/stack/a.story.test.ts', '../backup/testing.ts'],
    ['controllers/backup/report/status.ts', '../plan/plan.ts'],
  ] as const)('is open: %s may import %s', ([path, specifier]) => {
    expect(found({ [path]: `import { x } from '${specifier}';` })).toBe('');
  });
});

describe('the rooms of a controller', () => {
  test.for([
    ['observe/observe.ts', '../plan/obstacles.ts'],
    ['plan/plan.ts', '../report/sentences.ts'],
    ['act/commit.ts', '../report/left-out.ts'],
    ['desired/request.ts', '../observe/observed.ts'],
  ] as const)('are gone through one way: %s must not import %s', ([room, specifier]) => {
    const path = `controllers/backup/${room}`;
    expect(found({ [path]: `import type { X } from '${specifier}';` })).toContain('a room knows only');
  });

  test.for([
    ['plan/plan.ts', '../observe/observed.ts'],
    ['report/status.ts', '../act/commit.ts'],
    ['observe/observe.test.ts', '../plan/plan.ts'],
    ['reconcile.ts', './report/status.ts'],
  ] as const)('know those before them: %s may import %s', ([room, specifier]) => {
    const path = `controllers/backup/${room}`;
    expect(found({ [path]: `import { x } from '${specifier}';` })).toBe('');
  });
});

describe('imports', () => {
  test('do not go in a circle, types included', () => {
    const circle = {
      'jobs/a.ts': `import { b } from './b.ts';`,
      'jobs/b.ts': `import type { C } from './c.ts';`,
      'jobs/c.ts': `import { a } from './a.ts';`,
    };
    expect(found(circle)).toBe('jobs/a.ts → jobs/b.ts → jobs/c.ts → jobs/a.ts: a circle of imports');
    expect(found({ ...circle, 'jobs/c.ts': '' })).toBe('');
  });
});

describe('packages that belong to one folder', () => {
  test.for([
    ['controllers/stack/reconcile.ts', '@kubernetes/client-node', 'runtime'],
    ['operator/main.ts', '@kubernetes/client-node', 'runtime'],
    ['operator/commands/host.ts', 'ssh2', 'host-driver'],
    ['controllers/stack/execute.ts', 'dockerode', 'host-driver'],
    ['kubectl-jtel/release.ts', '@azure/storage-blob', 'blob-store'],
  ] as const)('%s must not import %s', ([path, specifier, owner]) => {
    expect(found({ [path]: `import type { X } from '${specifier}';` })).toContain(`only ${owner} may`);
  });

  test('may be imported there', () => {
    expect(
      found({
        'host-driver/ssh/pool.ts': `import { Client } from 'ssh2';`,
        'blob-store/azure/azure-store.ts': `import { x } from '@azure/storage-blob';`,
      }),
    ).toBe('');
  });
});

describe('what the product imports at run time', () => {
  const manifest = JSON.stringify({
    dependencies: { yaml: '1', '@azure/storage-blob': '1' },
    devDependencies: { knip: '1' },
  });

  test.for(['knip', '@scope/unknown/part'])('must be among the dependencies: %s', (specifier) => {
    expect(found({ 'package.json': manifest, 'operator/a.ts': `import x from '${specifier}';` })).toContain(
      'not among package.json',
    );
  });

  test('is fine when it is, when it is only a type, and in what runs here only', () => {
    const blob = {
      'blob-store/a.ts': `import { x } from '@azure/storage-blob/deep';\nimport 'yaml';\nimport 'node:fs';\nimport type { K } from 'knip';`,
    };
    expect(
      found({
        'package.json': manifest,
        ...blob,
        'test/a.ts': `import 'knip';`,
        'crds/generate.ts': `import 'knip';`,
      }),
    ).toBe('');
  });
});

describe('planning and rendering', () => {
  test.for([
    `const now = Date.now();`,
    `const now = new Date();`,
    `const id = Math.random();`,
    `const home = process.env['HOME'];`,
    `import { readFileSync } from 'node:fs';`,
    `import { readFile } from 'node:fs/promises';`,
    `import { connect } from 'node:net';`,
    `import { spawn } from 'node:child_process';`,
    `await fetch(url);`,
  ])('must not say: %s', (text) => {
    expect(found({ 'controllers/stack/plan.ts': text })).toContain('controllers/stack/plan.ts uses');
    expect(found({ 'release/render.ts': text })).toContain('release/render.ts uses');
    expect(found({ 'controllers/backup/report/a.ts': text })).toContain(
      'controllers/backup/report/a.ts uses',
    );
  });

  test('must not reach a clock through a helper, and the way there is named', () => {
    const files = {
      'controllers/stack/plan.ts': `import { today } from '../time.ts';`,
      'controllers/time.ts': `export const today = () => Date.now();`,
    };
    expect(found(files)).toContain('controllers/stack/plan.ts → controllers/time.ts uses Date.now');
  });

  test('may use types of a file with effects, dates that are given, and mention a clock in a comment', () => {
    const plan = `import type { Host } from '../../host-driver/host.ts';\n// never Date.now()\nexport const due = (now: string) => new Date(now);`;
    expect(
      found({
        'controllers/stack/plan.ts': plan,
        'host-driver/host.ts': `import { spawn } from 'node:child_process';`,
      }),
    ).toBe('');
  });

  test('may compute with addresses, and not connect to them', () => {
    expect(found({ 'release/a.ts': `import { BlockList, isIP } from 'node:net';\n` })).toBe('');
    expect(found({ 'release/a.ts': `import { connect, isIP } from 'node:net';\n` })).toContain('node:net');
  });

  test('are tested by whatever a test needs', () => {
    expect(found({ 'release/render.test.ts': `import { readFileSync } from 'node:fs';` })).toBe('');
  });
});

describe('every file', () => {
  test('has at most 400 lines', () => {
    expect(found({ 'operator/a.ts': 'x\n'.repeat(400) })).toBe('');
    expect(found({ 'operator/a.ts': 'x\n'.repeat(401) })).toContain('operator/a.ts has 401 lines');
    expect(found({ 'crds/generated/types.ts': 'x\n'.repeat(401) })).toBe('');
  });

  test('leaves it to the machine where packages come from', () => {
    const mirror = ['deb', 'debian', 'org'].join('.');
    expect(found({ 'sandbox/base.sh': `debootstrap trixie /x http://${mirror}/debian` })).toContain(
      'sandbox/base.sh names',
    );
  });
});
