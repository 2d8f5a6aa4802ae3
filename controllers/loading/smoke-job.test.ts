import { describe, expect, it } from 'vitest';
import { read } from '../../backup-format/schema.ts';
import { smokeJobInput } from '../../jobs/smoke.ts';
import { aRelease } from '../../test/support/release-builder.ts';
import { failedChecks, smokeJob } from './smoke-job.ts';

const release = aRelease({
  smokeChecks: [
    { name: 'web', http: { component: 'acd-web', port: 8080, path: '/', status: 200 } },
    { name: 'accounts', sql: { query: 'SELECT COUNT(*) FROM jtel.Accounts', value: '7' } },
  ],
});

it('the job asks the first replica and the database, and knows no expected answers', () => {
  const job = smokeJob({
    uid: 'u-smoke',
    project: 'jtel-test-1',
    network: 'Closed',
    release,
    rootPassword: 'secret',
    databaseFiles: [],
    toolbox: { repository: 'r/toolbox', tag: 'x', digest: `sha256:${'a'.repeat(64)}` },
  });
  expect(job).toMatchObject({ network: 'jtel-test-1_closed', volumes: [] });
  expect(read(smokeJobInput, job.input, 'the input')).toMatchObject({
    queries: [{ name: 'accounts', query: 'SELECT COUNT(*) FROM jtel.Accounts' }],
    requests: [{ name: 'web', host: 'acd-web-1', port: 8080, path: '/' }],
  });
});

describe('answers', () => {
  const judge = (answers: unknown): readonly string[] => failedChecks(release.smokeChecks ?? [], { answers });

  it('that are as expected are none to tell', () => {
    expect(
      judge([
        { name: 'web', answer: '200' },
        { name: 'accounts', answer: '7' },
      ]),
    ).toEqual([]);
  });

  it('that differ, or are missing, are told', () => {
    expect(
      judge([
        { name: 'web', problem: 'connect ECONNREFUSED' },
        { name: 'accounts', answer: '0' },
      ]),
    ).toEqual(['web: connect ECONNREFUSED', 'accounts: "0" instead of "7"']);
    expect(judge([{ name: 'web', answer: '200' }])).toEqual(['accounts: it was not asked']);
  });

  it('of another form count as none', () => {
    expect(judge('all well')).toHaveLength(2);
    expect(failedChecks(release.smokeChecks ?? [], undefined)).toHaveLength(2);
  });
});
