/** What the look into a volume tells, over directories as loads, servers and people leave them. `docker` is one that only knows a place. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = readFileSync(new URL('look.sh', import.meta.url), 'utf8');
const marker = (state: string): string =>
  JSON.stringify({ loadID: 'x', state, time: '2026-03-01T00:00:00Z' });

let base: string;
let volume: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'jtel-look-'));
  volume = join(base, 'volume');
  mkdirSync(volume);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function put(path: string, content = 'x'): void {
  mkdirSync(dirname(join(volume, path)), { recursive: true });
  writeFileSync(join(volume, path), content);
}

/** @param answer of `docker volume inspect`; null: there is no such volume. */
function look(answer: string | null = `|${volume}`, directory = ''): string {
  writeFileSync(
    join(base, 'docker'),
    answer === null ? '#!/bin/sh\nexit 1\n' : `#!/bin/sh\nprintf '%s\\n' '${answer}'\n`,
  );
  chmodSync(join(base, 'docker'), 0o755);
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-u', '-c', `${script}\nlook_into v ${directory}\necho $content`],
    { env: { PATH: `${base}:${process.env['PATH']}` }, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return stdout.trim();
}

const server = (at: string): void => {
  for (const path of [
    'mysql/db.frm',
    'performance_schema/db.opt',
    'sys/db.opt',
    'test/db.opt',
    '#innodb_redo/x',
    'ibdata1',
    'aria_log_control',
  ])
    put(`${at}${path}`);
};

describe('a look at what containers run with', () => {
  /** Files as a container was started with them, by their names; `deleted`: another took the place since. */
  const outdated = (own: Readonly<Record<string, { content: string; deleted?: boolean }>>): string => {
    const lines = Object.entries(own).map(([name, { content, deleted = true }]) => {
      put(`7/root/etc/${name}`, content);
      return `9 1 0:1 /opt/jtel/p/files/${name}${deleted ? '//deleted' : ''} /etc/${name} ro - ext4 /dev/vda rw\n`;
    });
    put('7/mountinfo', `1 1 0:1 / / rw - overlay overlay rw\n${lines.join('')}`);
    writeFileSync(
      join(base, 'docker'),
      '#!/bin/sh\n[ "$1" = ps ] && echo c || printf "c 7\\nnot-up 0\\n"\n',
      {
        mode: 0o755,
      },
    );
    const { stdout, stderr } = spawnSync('sh', ['-u', '-c', `${script}\noutdated p '${volume}' list`], {
      env: { PATH: `${base}:${process.env['PATH']}`, proc: volume },
      cwd: volume,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout;
  };

  it('names those whose file is another one than lies there now, whoever put it there', () => {
    for (const name of ['a', 'b', 'c', 'd']) put(`files/${name}`, 'right');
    put('list', 'a\nb\nc\n');
    const own = { a: { content: 'edited' }, b: { content: 'right' }, d: { content: 'of another release' } };
    expect(outdated({ ...own, c: { content: 'right', deleted: false } })).toBe('c a\n');
    expect(outdated({ b: own.b })).toBe('');
  });
});

describe('a look into a volume', () => {
  it.each<readonly [string, () => void, string]>([
    ['nothing', () => undefined, 'empty'],
    ['what a file system of its own has', () => mkdirSync(join(volume, 'lost+found')), 'empty'],
    ['files of somebody', () => put('a/b.txt'), 'data'],
    ['only the mark of a load', () => put('.jtel-operator/marker.json', marker('loaded')), 'marked'],
    [
      'a tree whose load broke off',
      () => (put('.jtel-operator/marker.json', marker('loading')), put('a')),
      'loading',
    ],
    [
      'a database whose load broke off',
      () => (put('.jtel-data.json', marker('loading')), server(''), put('jtel/t.ibd')),
      'loading',
    ],
    ['the mark that `rm -rf *` left of a database', () => put('.jtel-data.json', marker('loaded')), 'marked'],
    ['an initialised database without a table', () => server(''), 'bare'],
    ['the same one level below', () => server('data/'), 'bare'],
    ['a database with tables', () => (server(''), put('jtel/calls.ibd')), 'database'],
    ['the same one level below', () => (server('data/'), put('data/jtel/calls.ibd')), 'database'],
    [
      'a database that has only our mark, as vanilla data without a table',
      () => (server(''), put('jtel_operator/data_marker.ibd')),
      'database',
    ],
    [
      'a database whose schema is a link',
      () => (server(''), symlinkSync('/elsewhere', join(volume, 'jtel'))),
      'database',
    ],
    ['names that a shell could stumble over', () => (put('a b/-n'), put('*')), 'data'],
  ])('finds %s', (_, make, content) => {
    make();
    expect(look()).toBe(content);
  });

  it('finds a database where the release says it is', () => {
    put('a/b/c/mysql/db.frm');
    put('a/b/c/jtel/t.ibd');
    expect([look(), look(`|${volume}`, 'a/b/c'), look(`|${volume}`, '.')]).toEqual([
      'data',
      'database',
      'data',
    ]);
  });

  it('tells a volume that is not there, and looks at the directory that one stands for', () => {
    expect(look(null)).toBe('missing');
    put('a');
    expect(look(`${volume}|/not/mounted/_data`)).toBe('data');
    expect(look(`${join(base, 'no-disk')}|${volume}`)).toBe('empty');
  });

  it('does not wait for a Docker that hangs, and then tells who includes it', () => {
    writeFileSync(join(base, 'docker'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const including = `${script}\npatience=0.2\ndaemon_hangs() { echo hangs; }\ndocker ps; echo $?`;
    const options = { env: { PATH: `${base}:${process.env['PATH']}` }, encoding: 'utf8' } as const;
    expect(spawnSync('sh', ['-u', '-c', including], options).stdout).toBe('hangs\n124\n');
  });

  it('tells nothing of what is mounted only while a container has it', () => {
    expect([look(`/dev/sdz1|${volume}`), look(`:/export|${volume}`)]).toEqual(['unseen', 'unseen']);
  });
});
