/** The helper script's exit codes in words, the observation's text as data, and state.json. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aFence, aFile, anOwner, aRelease } from '../../test/support/host-builders.ts';
import { changedState, formatState, ownerDigest, readState, stateDigest } from '../state.ts';
import { releaseArchive } from './archive.ts';
import { observerCommand, parseObservation, question, type ScriptObservation } from './observe.ts';
import { stepCommand, stepError } from './run.ts';

const timeOf = (day: string): string => `2026-11-${day}T00:00:00Z`;
/** A state as we write it, with some fields as somebody else may. */
const stateWith = (fields: object): string =>
  JSON.stringify({ ...changedState(undefined, at(timeOf('23')), {}), ...fields });
const at = (time: string, epoch = 1) => ({
  project: 'jtel-demo-acme',
  fence: aFence(epoch),
  machineID: epoch === 3 ? '0123' : 'm',
  time,
});
const step = { verb: 'up', project: 'jtel-demo-acme', fence: aFence(7), timeoutSeconds: 5 } as const;

/** What the script prints of a container that ended, and then of compose. */
const ended = (container: string, compose: string): string =>
  `db ended with exit code 1; its last lines:\n${container}\ndocker compose said:\n${compose}`;

describe('the scripts', () => {
  it.each(['host-common.sh', 'host-start.sh', 'host.sh', 'observe.sh', 'check.sh'])(
    '%s is valid for a POSIX shell',
    (name) => {
      expect(() =>
        execFileSync('sh', ['-n'], { input: readFileSync(new URL(name, import.meta.url)) }),
      ).not.toThrow();
    },
  );

  it('host.sh refuses arguments that are none of ours, before it does anything', () => {
    const run = (...argv: string[]) => {
      try {
        execFileSync('sh', ['-s', '--', ...argv], {
          input: ['host-common.sh', 'host-start.sh', 'host.sh']
            .map((part) => readFileSync(new URL(part, import.meta.url), 'utf8'))
            .join(''),
          stdio: ['pipe', 'pipe', 'pipe'],
        });
        return 0;
      } catch (error) {
        return (error as { status: number }).status;
      }
    };
    for (const argv of [
      [],
      ['claim'],
      ['claim', '../x', '1', 'a', '5'],
      ['claim', 'p', '1x', 'a', '5'],
      ['claim', 'p', '1', 'g', '5'],
      ['claim', 'p', '1', 'a', ''],
      ['what', 'p', '1', 'a', '5'],
    ]) {
      expect([argv, run(...argv)]).toEqual([argv, 86]);
    }
  });
});

describe('a look at a host', () => {
  /** @param timeout what timeout(1) does there, with which each question to Docker begins */
  const look = (timeout: string, ...questions: readonly ('quick' | 'full')[]): ScriptObservation => {
    const directory = mkdtempSync(join(tmpdir(), 'observe-'));
    try {
      writeFileSync(join(directory, 'timeout'), `#!/bin/sh\n${timeout}\n`, { mode: 0o755 });
      const said = execFileSync('sh', ['-c', observerCommand('m')], {
        input: questions.map((depth) => `${question(depth, 'jtel-no-such')}\n`).join(''),
        env: { ...process.env, PATH: `${directory}:${process.env['PATH'] ?? ''}` },
        encoding: 'utf8',
      });
      return parseObservation(said.split('begin-m\n').at(-1) ?? '', 0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
  const tells = (root: string): string => `case "$*" in *"docker info"*) echo "2.26.1|${root} []" ;; esac`;

  it.each(['quick', 'full'] as const)(
    '(%s) measures the disk where Docker says that its data are',
    (depth) => {
      expect(look(tells('/proc/docker'), 'full', depth)).toMatchObject({
        hasNoDisk: false,
        diskTotalBytes: 0,
      });
      expect(look(tells('/docker'), depth)).toMatchObject({ hasNoDisk: false });
      expect(look(tells('/docker'), depth).diskTotalBytes).toBeGreaterThan(0);
    },
  );

  it('has the disk where Docker would keep its data if there is no Docker', () => {
    const seen = look('exit 127', 'full');
    expect(seen).toMatchObject({ hasNoDisk: false, lasting: { dataRoot: '/var/lib/docker' } });
    expect(seen.diskTotalBytes).toBeGreaterThan(0);
  });

  it.each(['quick', 'full'] as const)('(%s) guesses no disk while Docker does not say', (depth) => {
    expect(look('exit 124', depth)).toMatchObject({ hasNoDisk: true, diskTotalBytes: 0 });
  });

  it('takes the version of compose from what Docker says of itself, and asks compose only if that is silent', () => {
    const asksCompose = `case "$*" in *"docker compose version"*) echo v5.0.0; exit ;; esac; `;
    const versionAfter = (timeout: string) => look(asksCompose + timeout, 'full').lasting?.composeVersion;
    expect(versionAfter(tells('/docker'))).toBe('2.26.1');
    expect(versionAfter(`case "$*" in *"docker info"*) echo "|/docker []" ;; esac`)).toBe('5.0.0');
    // Docker's client says what it knows by itself when there is no daemon.
    expect(versionAfter(`case "$*" in *"docker info"*) echo "2.26.1|"; exit 1 ;; esac`)).toBe('2.26.1');
    expect(versionAfter('exit 124')).toBe('5.0.0');
  });

  it('has the disk that it knows while Docker does not say', () => {
    const once = `[ -e "$0.asked" ] && exit 124; case "$*" in *"docker info"*) touch "$0.asked"; echo "|/docker []" ;; esac`;
    expect(look(once, 'full', 'full')).toMatchObject({ hasNoDisk: false, lasting: { dataRoot: '/docker' } });
  });
});

describe('a step', () => {
  it('is one command line with every value as one argument, none of them secret', () => {
    const line = stepCommand({ ...step, arguments: ['0'.repeat(64)], stdin: 'a secret' });
    expect(line).toContain(`'up' 'jtel-demo-acme' '7' '${ownerDigest(anOwner())}' '5' '${'0'.repeat(64)}'`);
    expect(line).not.toContain('a secret');
  });

  it('of a project or with an epoch that is none is refused', () => {
    expect(() => stepCommand({ ...step, project: "x' ; id; '" })).toThrow('refused');
    expect(() => stepCommand({ ...step, fence: aFence(-1) })).toThrow('refused');
    expect(() => stepCommand({ ...step, fence: aFence(1.5) })).toThrow('refused');
  });

  it.each([
    [80, '', 'HostOwned'],
    [81, '', 'Fenced'],
    [82, '', 'MachineChanged'],
    [84, 'tar: Cannot write: No space left on device', 'DiskFull'],
    [84, 'cannot store', 'OutcomeUnknown'],
    [85, '', 'OutcomeUnknown'],
    [87, 'no such image', 'ComposeFailed'],
    [87, 'write: no space left on device', 'DiskFull'],
    [84, 'mkdir: cannot create directory: Read-only file system\nread-only: /opt/jtel', 'DiskReadOnly'],
    [87, ended('touch: /x: Read-only file system', 'dependency failed to start'), 'ComposeFailed'],
    [87, ended('read-only: /x\nRead-only file system', 'dependency failed to start'), 'ComposeFailed'],
    [87, ended('No space left on device', 'dependency failed to start'), 'ComposeFailed'],
    [87, ended('No space left on device', 'dependency failed to start\nfull: /var'), 'DiskFull'],
    [87, ended('ready', 'mkdir /srv/docker/x: read-only file system'), 'DiskReadOnly'],
    [95, 'no answer within 60 s', 'DockerHangs'],
    [88, '', 'OutcomeUnknown'],
    [89, 'apt-get failed', 'HostSetupFailed'],
    [91, '', 'Moved'],
    [90, '', 'DockerUnavailable'],
    [1, 'sudo: a password is required', 'SudoRefused'],
    [1, 'sudo: a terminal is required to read the password', 'SudoRefused'],
    [127, 'sh: 1: exec: sudo: not found', 'SudoRefused'],
    [255, '', 'OutcomeUnknown'],
  ] as const)('that ends with %i (%s) failed with %s', (code, stderr, reason) => {
    expect(stepError('host', 'up of p', { code, stdout: '', stderr }, 'OutcomeUnknown', step)).toMatchObject({
      reason,
      host: 'host',
    });
  });

  it.each([
    ['x: No space left on device\nfull: /run\nfull: /tmp', /has no disk space left on \/run, \/tmp for up/],
    ['x: No space left on device\nno inodes left: /opt/jtel', /has no inodes left on \/opt\/jtel for up/],
    [
      'x: Read-only file system\nread-only: /var',
      /can write nothing on \/var for up of p: .*mount it for writing/,
    ],
  ])('tells what is full (%s)', (stderr, told) => {
    const { message } = stepError('h', 'up of p', { code: 84, stdout: '', stderr }, 'OutcomeUnknown', step);
    expect(message).toMatch(told);
  });

  it('tells who owns the host', () => {
    const stdout = formatState(changedState(undefined, at('2026-11-23T00:00:00Z'), {}));
    expect(
      stepError('host', 'x', { code: 80, stdout, stderr: '' }, 'OutcomeUnknown', step).message,
    ).toContain('demo/acme (uid uid-acme, cluster cluster-1)');
  });

  it('shows only the end of a long message', () => {
    const stderr = Array.from({ length: 5000 }, (_, i) => `line ${i}`).join('\n');
    const { message } = stepError('host', 'x', { code: 87, stdout: '', stderr }, 'OutcomeUnknown', step);
    expect(message).toContain('line 4999');
    expect(message.length).toBeLessThan(3000);
  });
});

describe('an observation', () => {
  const head = 'machine 0123\ndisk 4096 100 25\n';

  it('of a machine without anything of ours', () => {
    expect(parseObservation(head, 0)).toEqual({
      machineID: '0123',
      hasNoDisk: false,
      diskTotalBytes: 409_600,
      diskFreeBytes: 102_400,
      stateText: '',
      releases: [],
    });
  });

  it('tells places without space or without inodes; a file system that counts no inodes has some', () => {
    const rooms = ['4096 15 10 5 /run', '4096 1000 10 0 /tmp', '4096 16 0 0 /opt/jtel'];
    const seen = parseObservation(`${head}clock 0\n${rooms.map((one) => `room ${one}\n`).join('')}`, 0);
    expect(seen.lasting?.fullPlaces).toEqual(['/run', '/tmp']);
  });

  it('of images on another file system than the volumes tells both; the same one under two names is one', () => {
    const disks = (id: string) =>
      parseObservation(`machine 0\ndisk 4096 100 25 aa\nimage-disk 1024 10 5 ${id}\n`, 0);
    expect(disks('bb')).toMatchObject({
      diskFreeBytes: 102_400,
      imageDisk: { totalBytes: 10_240, freeBytes: 5120 },
    });
    expect(disks('aa')).not.toHaveProperty('imageDisk');
  });

  it('with releases, current and state, whose epoch is at least the fence', () => {
    const text = formatState(changedState(undefined, at('2026-11-23T00:00:00Z', 3), {}));
    const seen = parseObservation(
      `${head}fence 5 abc 0123\nrelease aa\nrelease bb\ncurrent bb\nstate\n${text}`,
      0,
    );
    expect(seen).toMatchObject({
      releases: ['aa', 'bb'],
      currentRelease: 'bb',
      state: { owner: anOwner(), epoch: 5 },
    });
    expect(stateDigest(seen.stateText)).toBe(stateDigest(text));
  });

  it.each([
    ['no JSON', '{', 'Invalid'],
    ['a list', '[]', 'Invalid'],
    ['nothing', 'null', 'Invalid'],
    ['nothing but a version', '{"formatVersion":1}', 'Invalid'],
    ['a format of a newer operator', '{"formatVersion":3}', 'Newer'],
    ['an epoch that leaves no room', stateWith({ epoch: 9_007_199_254_740_991 }), 'Invalid'],
    ['an epoch below 0', stateWith({ epoch: -1 }), 'Invalid'],
    ['an epoch that is a text', stateWith({ epoch: '5' }), 'Invalid'],
    [
      'an owner without a name',
      stateWith({ owner: { clusterID: 'c', namespace: 'a', uid: 'u' } }),
      'Invalid',
    ],
    ['volumes that are a list', stateWith({ volumes: ['a'] }), 'Invalid'],
    ['a time that is none', stateWith({ moved: { address: 'a', time: 'soon' } }), 'Invalid'],
    ['a name without end', stateWith({ data: { source: 'x'.repeat(5000), time: timeOf('23') } }), 'Invalid'],
  ])('with %s in place of a state has none, and says why', (_, text, kind) => {
    const seen = parseObservation(`${head}state\n${text}`, 0);
    expect(seen.state).toBeUndefined();
    expect(seen.unusable).toMatchObject({ kind });
    expect(seen.unusable?.why).not.toContain('xxx');
  });

  it.each(['x abc 0123', '99999999999999999999 abc 0123', '9007199254740991 abc 0123', '-1 abc 0123'])(
    'with the fence %s has no state',
    (fence) => {
      const seen = parseObservation(`${head}fence ${fence}\nstate\n${stateWith({})}`, 0);
      expect(seen.state).toBeUndefined();
      expect(seen.unusable?.kind).toBe('FenceInvalid');
      expect(seen.unusable?.why).toMatch(/^the fence/);
    },
  );

  it('with fields of a newer operator keeps them', () =>
    expect(parseObservation(`${head}state\n${stateWith({ later: { x: 1 } })}`, 0).state).toMatchObject({
      epoch: 1,
      later: { x: 1 },
    }));

  it('has facts when they were asked for', () => {
    const facts =
      'os debian\nos-version 13\nos-name Debian GNU/Linux 13\nclock 1000\narchitecture x86_64\ncores 4\nmemory 1000\nmemory-limit max\nzone /usr/share/zoneinfo/Europe/Berlin\nsudo yes\ndata-root /srv/docker\ncompose v2.26.1-4\n';
    expect(parseObservation(head + facts, 990.4).lasting).toEqual({
      osID: 'debian',
      osVersion: '13',
      osName: 'Debian GNU/Linux 13',
      architecture: 'x86_64',
      cores: 4,
      memoryBytes: 1_024_000,
      timeZone: 'Europe/Berlin',
      clockSkewSeconds: 10,
      canSudo: true,
      dataRoot: '/srv/docker',
      composeVersion: '2.26.1-4',
    });
    const limited = parseObservation(
      `${head}clock 1000\nmemory 1000\nmemory-limit 2048\nzone \nzone-name Etc/UTC\ncompose \n`,
      1000.9,
    ).lasting;
    expect(limited).toMatchObject({
      memoryBytes: 2048,
      timeZone: 'Etc/UTC',
      clockSkewSeconds: 0,
      canSudo: false,
    });
    expect(limited).not.toHaveProperty('composeVersion');
  });

  it('is asked for in one line', () => {
    expect(question('quick', 'jtel-a-b')).toBe('quick jtel-a-b');
    expect(() => question('quick', 'a\nfull b')).toThrow('refused');
  });
});

describe('state.json', () => {
  it('keeps what a change does not name', () => {
    const first = changedState(undefined, at('2026-11-23T00:00:00Z'), {
      setupDigest: 's',
      data: { source: 'vanilla' },
    });
    const applied = { digest: 'd', version: '1', composeVersion: '2.26.1', services: [] };
    const second = changedState(first, at('2026-11-24T00:00:00Z', 2), { applied });
    expect(second).toMatchObject({
      epoch: 2,
      setupDigest: 's',
      data: { source: 'vanilla', time: '2026-11-23T00:00:00Z' },
      applied: { ...applied, time: '2026-11-24T00:00:00Z' },
    });
    expect(readState(formatState(second))).toEqual({ state: second });
  });

  it('has a move where the host looks for it, and not for a data source of that name', () => {
    const hostile = changedState(undefined, at('2026-11-23T00:00:00Z'), {
      data: { source: '\n  "moved": {' },
    });
    expect(formatState(hostile)).not.toMatch(/^ {2}"moved": \{/m);
    const moved = changedState(hostile, at('2026-11-24T00:00:00Z'), { moved: { address: 'x' } });
    expect(formatState(moved)).toMatch(/^ {2}"moved": \{$/m);
    expect(changedState(moved, at('2026-11-25T00:00:00Z'), { moved: { address: 'x' } })).toEqual(moved);
    expect(changedState(moved, at('2026-11-25T00:00:00Z'), { moved: null })).toEqual(hostile);
  });

  it('distinguishes owners by every part', () => {
    const owners = [
      anOwner(),
      anOwner({ clusterID: 'x' }),
      anOwner({ namespace: 'x' }),
      anOwner({ name: 'x' }),
      anOwner({ uid: 'x' }),
    ];
    expect(new Set(owners.map(ownerDigest)).size).toBe(5);
  });
});

describe('the archive of a release', () => {
  it('holds only names of ours, secrets for root alone', async () => {
    const image = { repository: 'r.example/a', digest: `sha256:${'a'.repeat(64)}`, tag: '1' };
    const release = aRelease('p', image, { files: [aFile('public')] });
    const listing = execFileSync('tar', ['-tvf', '-'], {
      input: await releaseArchive(release),
      encoding: 'utf8',
    });
    const secret = release.files[0]?.name ?? '';
    expect(listing).toMatch(new RegExp(`^-rw------- 0/0 .* files/${secret}$`, 'm'));
    for (const name of ['compose', 'create', 'create-old-docker'])
      expect(listing).toMatch(new RegExp(`^-rw------- 0/0 .* ${name}\\.yaml$`, 'm'));
    for (const line of listing.trim().split('\n'))
      expect(line).toMatch(
        / (files\/([0-9a-f]{64})?|files\.(list|sum)|images\.list|starts\.list|create(-old-docker)?\.yaml|compose\.yaml)$/,
      );
  });

  it('has secrets under keyed names, with their sums for root alone, and nothing else', async () => {
    const image = { repository: 'r.example/a', digest: `sha256:${'a'.repeat(64)}`, tag: '1' };
    const [name, other] = ['1'.repeat(64), '2'.repeat(64)];
    const secret = { ...aFile('a password', 0o600), name };
    const release = { ...aRelease('p', image), files: [secret, aFile('public')] };
    const archive = await releaseArchive(release);
    const list = (...options: readonly string[]): string =>
      execFileSync('tar', options, { input: archive, encoding: 'utf8' });
    expect(list('-tvf', '-')).toMatch(new RegExp(`^-rw------- 0/0 .* files/${name}$`, 'm'));
    expect(list('-tvf', '-')).toMatch(/^-rw------- 0\/0 .* files\.sum$/m);
    expect(list('-tf', '-')).not.toContain(secret.sha256);
    expect(list('-xOf', '-', 'files.sum')).toBe(`${secret.sha256} ${name}\n`);
    await expect(
      releaseArchive({ ...release, files: [{ ...aFile('public'), name: other }] }),
    ).rejects.toThrow('another content');
  });

  it('gives a content that is a secret somewhere the stricter mode', async () => {
    const image = { repository: 'r.example/a', digest: `sha256:${'a'.repeat(64)}`, tag: '1' };
    const release = aRelease('p', image, { secret: 'same', files: [aFile('same', 0o644)] });
    const listing = execFileSync('tar', ['-tvf', '-'], {
      input: await releaseArchive(release),
      encoding: 'utf8',
    });
    expect(listing).not.toMatch(/^-rw-r--r-- .* files\/[0-9a-f]/m);
  });
});
