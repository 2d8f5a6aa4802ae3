import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../command-line/command-line.ts';
import { CommandError } from '../../../command-line/terminal.ts';
import { startAPIDouble, type APIDouble } from '../../../test/support/api-double.ts';
import { backupCommand } from './command.ts';

let api: APIDouble;
let answer: { status: number; body: object };
let asked: { path: string; body: { metadata: { name: string; labels?: object }; spec: object } }[];
let said: string[];

beforeEach(async () => {
  [asked, said] = [[], []];
  answer = { status: 201, body: {} };
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push({
      path: request.url ?? '',
      body: JSON.parse(await text(request)) as (typeof asked)[number]['body'],
    });
    response.statusCode = answer.status;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer.body));
  };
  api = await startAPIDouble((request, response) => void reply(request, response));
});

afterEach(() => api.close());

async function run(...argv: readonly string[]): Promise<number> {
  const terminal = {
    print: (line: string) => said.push(line),
    note: (line: string) => said.push(line),
    signal: new AbortController().signal,
  };
  const program = new Command('jtel-operator').addCommand(
    backupCommand(terminal, () => new Date('2026-06-01T07:30:05Z')),
  );
  return await runCommandLine(
    program,
    ['backup', 'create', '--kubeconfig', api.kubeconfig, ...argv],
    terminal,
    (error) => error instanceof CommandError,
  );
}

const scheduled = [
  '-n',
  'acme',
  '--stack',
  'main',
  '--trigger',
  'Scheduled',
  '--schedule',
  '0 2 * * *',
  '--time-zone',
  'Europe/Berlin',
];
const minutes = (time: string): string => String(Date.parse(time) / 60_000);

describe('a scheduled backup', () => {
  it.each([
    ['the minute that its Job is for, however late the pod runs', '2026-05-30T00:00:00Z', 'main-20260530'],
    ['the night without a 02:00', '2026-03-29T01:00:00Z', 'main-20260329'],
    ['the second 02:00 of a night', '2026-10-25T01:00:00Z', 'main-20261025'],
  ])('is called after %s', async (_, fired, name) => {
    expect(await run(...scheduled, '--job-name', `main-backup-${minutes(fired)}`)).toBe(0);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      path: expect.stringContaining('/apis/jtel.de/v1alpha1/namespaces/acme/jtelbackups'),
      body: {
        metadata: {
          name,
          labels: { 'jtel.de/stack': 'main', 'app.kubernetes.io/managed-by': 'jtel-operator' },
        },
        spec: { stackRef: { name: 'main' }, trigger: 'Scheduled', verify: 'Checksum' },
      },
    });
  });

  it('of a Job that somebody made by hand is called after now', async () => {
    expect(await run(...scheduled, '--job-name', 'try-it')).toBe(0);
    expect(asked[0]?.body.metadata.name).toBe('main-20260601');
  });

  it('that was asked for already is success', async () => {
    answer = { status: 409, body: { kind: 'Status', code: 409, reason: 'AlreadyExists', message: 'exists' } };
    expect(await run(...scheduled)).toBe(0);
    expect(said).toEqual(['jtelbackup acme/main-20260601 exists already']);
  });

  it('needs its schedule', async () => {
    expect(await run('-n', 'acme', '--stack', 'main', '--trigger', 'Scheduled')).toBe(2);
    expect(asked).toEqual([]);
  });
});

it('a backup by hand is one of its own each time', async () => {
  expect(await run('-n', 'acme', '--stack', 'main', '--verify', 'Restore')).toBe(0);
  expect(asked[0]?.body).toMatchObject({
    metadata: { name: 'main-20260601t073005z' },
    spec: { trigger: 'Manual', verify: 'Restore' },
  });
});

it('a refusal says what was not created', async () => {
  answer = {
    status: 403,
    body: { kind: 'Status', code: 403, reason: 'Forbidden', message: 'may not create jtelbackups' },
  };
  expect(await run(...scheduled)).toBe(1);
  expect(said.join()).toContain('JtelBackup acme/main-20260601 was not created');
});
