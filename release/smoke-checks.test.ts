/** Smoke checks of a release: what is refused, what they start, and the network in which they are asked. */
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { aRelease, aRenderInput } from '../test/support/release-builder.ts';
import type { Release, SmokeCheck } from './generated/release.ts';
import { ReleaseInvalidError } from './release-invalid-error.ts';
import { renderHere } from './render-here.ts';
import { askedServices, neededComponents } from './smoke-checks.ts';
import { validateRelease } from './validate.ts';

const http = { component: 'acd-task-runner', port: 8080, path: '/health?full=1', status: 200 };
const sql = { query: 'SELECT COUNT(*) > 0 FROM jtel.Accounts', value: '1' };

function asking(...smokeChecks: readonly SmokeCheck[]): Release {
  return aRelease({ smokeChecks: [...smokeChecks] });
}

function problemsOf(release: Release): readonly string[] {
  try {
    validateRelease(release, 'Published');
    return [];
  } catch (error) {
    if (error instanceof ReleaseInvalidError) return error.problems;
    throw error;
  }
}

describe('smoke checks', () => {
  it('ask by HTTP and in SQL', () => {
    expect(problemsOf(asking({ name: 'runner', http }, { name: 'accounts', sql }))).toEqual([]);
  });

  it.each<[string, SmokeCheck, RegExp]>([
    ['that ask nothing', { name: 'x' }, /smokeChecks \(x\): it needs either http or sql/],
    ['that ask two things', { name: 'x', http, sql }, /it needs either http or sql/],
    ['of nobody', { name: 'x', http: { ...http, component: 'acd-gone' } }, /there is no component acd-gone/],
    [
      'of somebody who never says that it is ready',
      { name: 'x', http: { ...http, component: 'acd-web' } },
      /acd-web has no health check/,
    ],
    ['of another address', { name: 'x', http: { ...http, path: '//evil .example' } }, /path/],
    ['with a second statement', { name: 'x', sql: { ...sql, query: 'SELECT 1; DROP TABLE t' } }, /query/],
    [
      'with a command of the client',
      { name: 'x', sql: { ...sql, query: String.raw`SELECT 1 \! id` } },
      /query/,
    ],
    ['that write', { name: 'x', sql: { ...sql, query: 'DELETE FROM t' } }, /query/],
    ['in two lines', { name: 'x', sql: { ...sql, query: 'SELECT 1\nsystem id' } }, /query/],
  ])('%s are refused', (_, check, problem) => {
    expect(problemsOf(asking(check))).toEqual([expect.stringMatching(problem)]);
  });

  it('of one name are refused', () => {
    expect(problemsOf(asking({ name: 'x', http }, { name: 'x', sql }))).toEqual([
      'smokeChecks: x appears more than once',
    ]);
  });

  it('start what they ask by HTTP, its first replica, and what that needs', () => {
    const release = asking(
      { name: 'web', http: { ...http, component: 'acd-web' } },
      { name: 'again', http: { ...http, component: 'acd-web' } },
      { name: 'accounts', sql },
    );
    expect(askedServices(release)).toEqual(['acd-web-1']);
    expect(neededComponents(release).toSorted()).toEqual(['acd-dbm', 'acd-task-runner', 'acd-web']);
    expect(neededComponents(asking({ name: 'accounts', sql }))).toEqual([]);
  });
});

describe('a closed network', () => {
  const model = (network?: 'Closed') =>
    parse(renderHere(aRenderInput({ network })).composeYaml) as {
      services: Record<string, { networks?: readonly string[] }>;
      networks: Record<string, object>;
    };

  it('is the only one of every service, and leads nowhere', () => {
    const { services, networks } = model('Closed');
    expect(networks).toEqual({ closed: { internal: true } });
    for (const service of Object.values(services)) expect(service.networks).toEqual(['closed']);
  });

  it('is not what stacks run in', () => {
    const { services, networks } = model();
    expect(networks).toEqual({ default: {} });
    for (const service of Object.values(services)) expect(service).not.toHaveProperty('networks');
  });
});
