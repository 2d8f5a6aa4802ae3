/** The pure parts of what is read from Docker. */
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import type { ObservedJob } from '../host.ts';
import { ChannelSocket } from './channel-socket.ts';
import { healthOf, observedJob } from './containers.ts';
import { aCompanion, aJobWithCompanion } from '../../test/support/host-builders.ts';
import { jobContainers } from './job-containers.ts';
import { JobWords } from './job-report.ts';
import { jsonLines } from './json-lines.ts';
import { LogFrames } from './log-frames.ts';
import { pullReason } from './pull.ts';
import { PullSum } from './pull-progress.ts';
import { staleContainers } from './stale-containers.ts';
import { changedVolumes } from './volumes.ts';

it('a socket that nobody waits for any more does not tell that it could not be opened', async () => {
  const opening = Promise.withResolvers<ClientChannel>();
  const socket = new ChannelSocket(() => opening.promise);
  // It rejects at an error.
  const closed = once(socket, 'close');
  socket.destroy();
  opening.reject(new Error('the connection was lost'));
  await closed;
  expect(socket.destroyed).toBe(true);
});

describe('health', () => {
  it.each([
    ['Up 2 minutes (healthy)', 'healthy'],
    ['Up 1 second (health: starting)', 'starting'],
    ['Up About an hour (unhealthy)', 'unhealthy'],
    ['Up 2 minutes', 'none'],
    ['Up 2 minutes (Paused)', 'none'],
    ['Exited (0) 3 minutes ago', 'none'],
    ['', 'none'],
  ])('of %j is %s', (status, health) => {
    expect(healthOf(status)).toBe(health);
  });
});

describe('a listed job', () => {
  const listed = (State: string, Status: string) =>
    observedJob({
      Names: ['/jtel-job-1'],
      Labels: { 'jtel.de/job-uid': '1', 'jtel.de/job-type': 'load' },
      State,
      Status,
    } as unknown as Parameters<typeof observedJob>[0]);

  it.each([
    ['created', 'Created', 'Created'],
    ['running', 'Up 2 seconds', 'Running'],
    ['exited', 'Exited (0) 2 seconds ago', 'Succeeded'],
    ['exited', 'Exited (137) 2 seconds ago', 'Failed'],
    ['dead', 'Dead', 'Failed'],
  ])('that is %s (%s) is %s', (state, status, expected) => {
    expect(listed(state, status)).toMatchObject({
      name: 'jtel-job-1',
      uid: '1',
      type: 'load',
      state: expected,
    });
  });
});

describe('the containers of a job', () => {
  const image = { repository: 'registry.example/jtel/toolbox', digest: `sha256:${'a'.repeat(64)}`, tag: '1' };
  const job = aJobWithCompanion('u-1', 'jtel-demo', image, { input: { rootPassword: 'canary' } });
  const parts = jobContainers('jtel-demo', job, true);

  it('are its companions and then, to be started last, the main one', () => {
    expect(parts.map(({ options, role }) => [options.name, role])).toEqual([
      ['jtel-job-u-1-producer', 'producer'],
      ['jtel-job-u-1', 'main'],
    ]);
    for (const { options } of parts) {
      expect(options).toMatchObject({
        Labels: { 'jtel.de/job-uid': 'u-1', 'jtel.de/project': 'jtel-demo' },
        HostConfig: { CpuShares: 256, BlkioWeight: 125, RestartPolicy: { Name: 'no' } },
      });
      expect(options.HostConfig?.Mounts).toContainEqual(
        expect.objectContaining({
          Source: 'jtel-job-u-1',
          Target: '/run/exchange',
          VolumeOptions: expect.objectContaining({ NoCopy: true }) as unknown,
        }),
      );
    }
  });

  it('show no secret to who inspects them', () => {
    expect(JSON.stringify(parts.map(({ options }) => options))).not.toContain('canary');
  });

  it('have companions with different names', () => {
    expect(() =>
      jobContainers('jtel-demo', { ...job, companions: [aCompanion(image), aCompanion(image)] }, true),
    ).toThrow('same name');
  });
});

describe('a log', () => {
  const frame = (stream: number, text: string) => {
    const payload = Buffer.from(text);
    const head = Buffer.alloc(8);
    head[0] = stream;
    head.writeUInt32BE(payload.length, 4);
    return Buffer.concat([head, payload]);
  };

  const texts = (...raw: readonly Buffer[]) => {
    const frames = new LogFrames();
    const found = { stdout: '', stderr: '', all: '' };
    // As bytes: a character may lie in two pieces.
    for (const { stream, bytes } of raw.flatMap((chunk) => [...frames.add(chunk)])) {
      found[stream] += bytes.toString('latin1');
      found.all += bytes.toString('latin1');
    }
    const decoded = (text: string) => Buffer.from(text, 'latin1').toString('utf8');
    return { stdout: decoded(found.stdout), stderr: decoded(found.stderr), all: decoded(found.all) };
  };

  it('is split into its streams, also where a character lies in two frames', () => {
    const euro = Buffer.from('€');
    const raw = Buffer.concat([frame(1, 'out '), frame(2, ''), frame(2, 'err\n'), frame(1, 'put\n')]);
    const expected = { stdout: 'out put\n', stderr: 'err\n', all: 'out err\nput\n' };
    expect(texts(raw)).toEqual(expected);
    expect(texts(...Array.from(raw, (byte) => Buffer.of(byte)))).toEqual(expected);
    const halves = [euro.subarray(0, 1), euro.subarray(1)].map((half) =>
      Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, half.length]), half]),
    );
    expect(texts(...halves).stdout).toBe('€');
  });

  it('is handed out as it comes, whatever length a frame claims to have', () => {
    const endless = Buffer.concat([Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]), Buffer.from('a part')]);
    expect(texts(frame(1, 'whole '), endless).stdout).toBe('whole a part');
    expect(texts(endless.subarray(0, 5)).all).toBe('');
  });
});

async function* chunks(...parts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

describe('JSON lines', () => {
  const collect = async (stream: AsyncIterable<Buffer>) => {
    const found: unknown[] = [];
    for await (const one of jsonLines(stream)) found.push(one);
    return found;
  };

  it('are read however they are cut', async () => {
    const text = Buffer.from('{"a":"ä"}\r\n\n{"b":2}\n{"c":3}');
    const bytes = Array.from({ length: text.length }, (_, i) => text.subarray(i, i + 1));
    expect(await collect(chunks(...bytes))).toEqual([{ a: 'ä' }, { b: 2 }, { c: 3 }]);
    expect(await collect(chunks(text))).toEqual([{ a: 'ä' }, { b: 2 }, { c: 3 }]);
  });

  it('that never end are refused', async () => {
    await expect(collect(chunks('x'.repeat(2 ** 21)))).rejects.toThrow('without end');
  });
});

describe('a pull', () => {
  it('counts each layer once, and only what is known', () => {
    const sum = new PullSum(2);
    sum.add({ status: 'Pulling from jtel/acd-web' });
    sum.add({ id: 'a', status: 'Downloading', progressDetail: { current: 10, total: 100 } });
    sum.add({ id: 'a', status: 'Downloading', progressDetail: { current: 60, total: 100 } });
    sum.add({ id: 'b', status: 'Downloading', progressDetail: { current: 5, total: 50 } });
    sum.add({ id: 'b', status: 'Extracting', progressDetail: { current: 1, total: 50 } });
    expect(sum.progress).toEqual({ imagesDone: 0, imagesTotal: 2, bytesDone: 65, bytesTotal: 150 });
    sum.add({ id: 'a', status: 'Download complete' });
    sum.imageDone();
    expect(sum.progress).toEqual({ imagesDone: 1, imagesTotal: 2, bytesDone: 105, bytesTotal: 150 });
  });

  it.each([
    ['Head "https://r/v2/x/manifests/1": no basic auth credentials', 'RegistryRefused'],
    [
      "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      'RegistryRefused',
    ],
    ['unauthorized: authentication required', 'RegistryRefused'],
    ['manifest for r/x@sha256:0 not found: manifest unknown: manifest unknown', 'ImageNotFound'],
    ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device', 'DiskFull'],
    ['Get "https://r/v2/": dial tcp: lookup r: no such host', 'RegistryUnreachable'],
    ['Get "https://r/v2/": net/http: request canceled while waiting for connection', 'RegistryUnreachable'],
    ['received unexpected HTTP status: 503 Service Unavailable', 'RegistryUnreachable'],
    [
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'RegistryUnreachable',
    ],
  ])('that fails with %j is %s', (message, reason) => {
    expect(pullReason(message)).toBe(reason);
  });
});

describe("a job's report", () => {
  const job = (change: Partial<ObservedJob> = {}): ObservedJob => ({
    name: 'jtel-job-1',
    uid: '1',
    type: 'load',
    state: 'Running',
    ...change,
  });
  const log = (stdout: string, stderr = '') => {
    const words = new JobWords();
    // In two pieces each, cut anywhere.
    for (const [stream, text] of [['stdout', stdout] as const, ['stderr', stderr] as const])
      for (const part of [text.slice(0, 7), text.slice(7)]) words.add({ stream, bytes: Buffer.from(part) });
    return words;
  };
  const jobReport = (of: ObservedJob, words: JobWords) => words.report(of);

  it('has the last progress, whatever else the job says', () => {
    const text =
      'starting\n{"progress":{"step":"a","percent":1}}\n{not json\n{"other":1}\n{"progress":{"step":"b","percent":2,"message":"m"}}\n';
    expect(jobReport(job(), log(text))).toEqual({
      job: job(),
      progress: { step: 'b', percent: 2, message: 'm' },
    });
  });

  it('has the result only when the job succeeded', () => {
    const text = '{"result":{"rows":7}}\n';
    expect(jobReport(job({ state: 'Succeeded', exitCode: 0 }), log(text))).toMatchObject({
      result: { rows: 7 },
    });
    expect(jobReport(job({ state: 'Failed', exitCode: 1 }), log(text))).not.toHaveProperty('result');
  });

  it('makes an error from exit code, memory and the last words when the job told none', () => {
    const failed = jobReport(job({ state: 'Failed', exitCode: 3 }), log('', 'cannot open\n'));
    expect(failed.error).toEqual({
      reason: 'JobFailed',
      message: 'jtel-job-1 ended with exit code 3: cannot open',
    });
    expect(jobReport(job({ state: 'Failed', exitCode: 137, oomKilled: true }), log('')).error?.reason).toBe(
      'OutOfMemory',
    );
    const told = jobReport(
      job({ state: 'Failed', exitCode: 1 }),
      log('{"error":{"reason":"Damaged","message":"digest differs"}}\n'),
    );
    expect(told.error).toEqual({ reason: 'Damaged', message: 'digest differs' });
  });
});

describe('volumes that compose would recreate', () => {
  const wanted = {
    data: {},
    tmp: { driver_opts: { type: 'tmpfs', size: 5 } },
    named: { name: 'other' },
    theirs: { external: true },
  };
  const local = (name: string, options = {}) => ({ name, driver: 'local', options });

  it('are none when they are as the release wants them, or not there yet', () => {
    const existing = [
      local('p_data'),
      local('p_tmp', { size: '5', type: 'tmpfs' }),
      local('other'),
      local('p_theirs', { x: 'y' }),
    ];
    expect(changedVolumes(wanted, 'p', existing)).toEqual([]);
    expect(changedVolumes(wanted, 'p', [])).toEqual([]);
    expect(changedVolumes({}, 'p', existing)).toEqual([]);
  });

  it('are named with what they are and what the release wants', () => {
    expect(
      changedVolumes(wanted, 'p', [
        { name: 'p_data', driver: 'nfs', options: {} },
        local('p_tmp', { type: 'tmpfs' }),
      ]),
    ).toEqual([
      'volume p_data is nfs, the release wants local',
      'volume p_tmp is local (type=tmpfs), the release wants local (size=5, type=tmpfs)',
    ]);
  });
});

describe('containers on other volumes than the compose file names', () => {
  const volumes = { data: { name: 'p_data.ab12', external: true }, cache: {} };
  const on = (Id: string, ...names: string[]) => ({
    Id,
    Mounts: names.map((Name) => ({ Type: 'volume', Name })),
  });

  it('are found, and only those', () => {
    const containers = [
      on('old', 'p_data'),
      on('older', 'p_data.ff00', 'p_cache'),
      on('new', 'p_data.ab12', 'p_cache'),
      on('none'),
      on('foreign', 'q_data', 'p_other'),
    ];
    expect(staleContainers(volumes, 'p', containers)).toEqual(['old', 'older']);
    expect(staleContainers({ data: {} }, 'p', [on('new', 'p_data.ab12'), on('first', 'p_data')])).toEqual([
      'new',
    ]);
  });
});

describe('a socket to Docker', () => {
  const channelPair = () => {
    const [near, far] = duplexPair();
    return { far, channel: Object.assign(near, { close: () => near.destroy() }) as unknown as ClientChannel };
  };

  it('ends when one answer is longer than any should be, however many answers there were', async () => {
    const { channel, far } = channelPair();
    const socket = new ChannelSocket(
      () => Promise.resolve(channel),
      (request) => (request === '?' ? 10 : 1),
    );
    for (let question = 0; question < 5; question += 1) {
      socket.write('?');
      far.write('123456789');
      await once(socket, 'data');
    }
    const failed = once(socket, 'error');
    far.write('and two more than that');
    expect(String(await failed)).toContain('the answer is longer than');
    expect(socket.destroyed).toBe(true);
  });
});

it('a socket that waits for its next request ends when Docker ends it', async () => {
  const [near, far] = duplexPair();
  const channel = Object.assign(near, { close: () => near.destroy(), stderr: undefined });
  const socket = new ChannelSocket(() => Promise.resolve(channel as unknown as ClientChannel));
  const closed = once(socket, 'close');
  await new Promise<void>((resolve, reject) =>
    socket.write('GET / HTTP/1.1\r\n\r\n', (error) => (error ? reject(error) : resolve())),
  );
  // Nobody reads from the socket meanwhile.
  far.end();
  await closed;
  expect(socket.destroyed).toBe(true);
});
