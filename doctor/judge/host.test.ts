import { describe, expect, it } from 'vitest';
import { aStack, facts, state } from '../../controllers/stack/testing.ts';
import { HostError, type HostErrorReason } from '../../host-driver/host.ts';
import { aRelease } from '../../test/support/release-builder.ts';
import { judgeConnection, judgeObserving } from './host-trouble.ts';
import {
  judgeCapacity,
  judgeClock,
  judgeCompose,
  judgeDisk,
  judgeDocker,
  judgeOS,
  judgeOwner,
  judgeRemarks,
  judgeSudo,
} from './host.ts';

const stack = aStack();
const gibibyte = 2 ** 30;
const hostile = `\u001b]0;x\u0007${'9'.repeat(1_000_000)}`;
const { dockerVersion: _, composeVersion: __, ...withoutDocker } = facts();

describe('the owner of a host', () => {
  const foreign = { ...state().owner, namespace: 'other' };
  it.each([
    ['nobody', undefined, 'cluster-1', 'Ok'],
    ['this stack', state(), 'cluster-1', 'Ok'],
    ['this stack of another cluster', state(), 'cluster-2', 'Failed'],
    ['this stack, of a cluster that one may not ask', state(), undefined, 'Ok'],
    ['another stack', state({ owner: foreign }), 'cluster-1', 'Failed'],
    [
      'this stack before it was moved',
      state({ moved: { address: '192.0.2.9', time: '' } }),
      'cluster-1',
      'Warning',
    ],
  ] as const)('%s', (_name, seen, cluster, verdict) =>
    expect(judgeOwner(stack, seen, cluster).verdict).toBe(verdict),
  );
});

it.each([
  ['Managed', {}, 'Ok'],
  ['Managed', { osVersion: '11' }, 'Failed'],
  ['Managed', { osID: 'ubuntu', osVersion: '24.04' }, 'Failed'],
  ['Preinstalled', { osID: 'ubuntu' }, 'Ok'],
  ['Managed', { osName: hostile, osID: hostile }, 'Failed'],
] as const)('a %s host with %.40j is %s', (bootstrap, change, verdict) => {
  const judged = judgeOS(bootstrap, facts(change));
  expect(judged.verdict).toBe(verdict);
  expect(judged.seen).not.toContain('\u001b');
  expect(judged.seen.length).toBeLessThanOrEqual(1200);
});

it.each([
  ['Managed', true, 'Ok'],
  ['Managed', false, 'Failed'],
  ['Preinstalled', false, 'Warning'],
] as const)('sudo on a %s host: %s is %s', (bootstrap, canSudo, verdict) =>
  expect(judgeSudo(bootstrap, 'jtel', facts({ canSudo })).verdict).toBe(verdict),
);

describe('Docker', () => {
  it.each([
    ['Managed', facts(), 'Ok'],
    ['Managed', withoutDocker, 'Ok'],
    ['Preinstalled', withoutDocker, 'Failed'],
    ['Preinstalled', facts({ dockerVersion: '20.10.24+dfsg1' }), 'Ok'],
    ['Managed', facts({ dockerVersion: '19.03.1' }), 'Failed'],
    ['Managed', facts({ dockerVersion: 'unknown' }), 'Warning'],
    ['Managed', facts({ dockerVersion: hostile }), 'Failed'],
  ] as const)('on a %s host', (bootstrap, seen, verdict) => {
    const judged = judgeDocker(bootstrap, 'jtel', seen);
    expect(judged.verdict).toBe(verdict);
    expect(judged.seen).not.toContain('\u001b');
    expect(judged.seen.length).toBeLessThanOrEqual(1200);
  });
});

describe('compose', () => {
  it.each([
    ['Managed', facts(), 'Ok'],
    ['Managed', withoutDocker, 'Ok'],
    ['Managed', { ...withoutDocker, osVersion: '12' }, 'Warning'],
    ['Managed', facts({ composeVersion: '2.19.9' }), 'Ok'],
    ['Preinstalled', facts({ composeVersion: '2.19.9' }), 'Failed'],
    ['Preinstalled', facts({ composeVersion: '2.20.0' }), 'Ok'],
    ['Preinstalled', facts({ composeVersion: 'dev' }), 'Warning'],
    ['Preinstalled', withoutDocker, 'Failed'],
  ] as const)('on a %s host', (bootstrap, seen, verdict) =>
    expect(judgeCompose(bootstrap, seen).verdict).toBe(verdict),
  );
});

it.each([
  [0, 'Ok'],
  [-5, 'Ok'],
  [6, 'Warning'],
  [-300, 'Warning'],
  [301, 'Failed'],
] as const)('a clock that differs by %i s is %s', (clockSkewSeconds, verdict) =>
  expect(judgeClock(facts({ clockSkewSeconds })).verdict).toBe(verdict),
);

describe('the size of a host', () => {
  const release = aRelease({
    minimumHost: { ...aRelease().minimumHost, Small: { cores: 4, memoryMiB: 16_384, diskGiB: 100 } },
  });
  it.each([
    ['enough', {}, 'Ok', ''],
    ['too few cores', { cores: 2 }, 'Failed', 'has 2 cores'],
    ['too little memory', { memoryBytes: 8 * gibibyte }, 'Failed', '8192 MiB of memory'],
  ] as const)('%s', (_name, change, verdict, seen) => {
    const judged = judgeCapacity(stack, facts(change), release);
    expect(judged.verdict).toBe(verdict);
    expect(judged.seen).toContain(seen);
  });
  it.each([
    ['big and free', {}, 'Ok'],
    ['too small', { diskTotalBytes: 50 * gibibyte }, 'Failed'],
    ['nearly full', { diskFreeBytes: gibibyte }, 'Warning'],
    ['nearly full for images', { imageDisk: { totalBytes: 100 * gibibyte, freeBytes: gibibyte } }, 'Warning'],
  ] as const)('the disk is %s', (_name, change, verdict) =>
    expect(judgeDisk(stack, facts(change), release).verdict).toBe(verdict),
  );
  it('is not known without the release', () => {
    expect(judgeCapacity(stack, facts(), undefined).verdict).toBe('Skipped');
    expect(judgeDisk(stack, facts(), undefined).verdict).toBe('Skipped');
  });
});

it('remarks are warnings', () => {
  expect(judgeRemarks([]).verdict).toBe('Ok');
  expect(judgeRemarks(['The shell prints \u001b[2J.'])).toMatchObject({
    verdict: 'Warning',
    seen: 'The shell prints ^[[2J.',
  });
});

describe('a host that lets nobody in', () => {
  const error = (reason: HostErrorReason) =>
    new HostError(reason, 'jtel@192.0.2.10:22', 'what happened', new Error('why'));
  const judged = (reason: HostErrorReason, status?: object) =>
    judgeConnection(
      { ...stack, ...(status === undefined ? {} : { status }) } as typeof stack,
      error(reason),
      {
        connected: { kind: 'NoAnswer' },
        asker: 'Person',
      },
    ).map(({ check, verdict }) => `${check} ${verdict}`);

  it.each([
    ['HostKeyMismatch', ['host-reachable Ok', 'host-key Failed']],
    ['AuthenticationFailed', ['host-reachable Ok', 'host-key Ok', 'host-login Failed']],
    ['AddressBanned', ['host-reachable Ok', 'host-login Failed']],
    ['HostUnreachable', ['host-reachable Failed']],
  ] as const)('because of %s', (reason, found) => expect(judged(reason)).toEqual(found));

  it('because nobody answers at its jump host is told with that', () => {
    const jumpHost = {
      address: '192.0.2.1',
      port: 2222,
      user: 'jump',
      sshSecretRef: { name: 'jump' },
      hostKeyFingerprints: [],
    };
    const behind = aStack({ host: { ...stack.spec.host, jumpHost } });
    const [found] = judgeConnection(behind, error('HostUnreachable'), {
      connected: { kind: 'NoAnswer' },
      asker: 'Person',
    });
    expect(found?.next).toMatch(
      /^Let 192\.0\.2\.1:2222 \(the jump host\) through: .* If only the cluster reaches it/,
    );
  });

  it('from here, and that the operator reaches, is a warning', () =>
    expect(
      judged('HostUnreachable', {
        host: { address: stack.spec.host.address },
        conditions: [{ type: 'HostReachable', status: 'True' }],
      }),
    ).toEqual(['host-reachable Warning']));

  it('from here, while the operator reaches the host before it, has failed', () =>
    expect(
      judged('HostUnreachable', {
        host: { address: '192.0.2.99' },
        conditions: [{ type: 'HostReachable', status: 'True' }],
      }),
    ).toEqual(['host-reachable Failed']));

  it.each([
    ['HostOwned', 'host-owner'],
    ['DockerUnavailable', 'docker'],
    ['HostUnreachable', 'host-login'],
  ] as const)('further than the door, because of %s', (reason, check) =>
    expect(judgeObserving(error(reason))).toMatchObject([{ check, verdict: 'Failed' }]),
  );
});
