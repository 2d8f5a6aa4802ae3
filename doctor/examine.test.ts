import { describe, expect, it } from 'vitest';
import { ApiError } from '../runtime/client/api-error.ts';
import { checks } from './checks.ts';
import { examine, type Examination } from './examine.ts';
import { each, failed, finding, ok, shown, skipped, warning, type Finding } from './finding.ts';
import { hasFailed, reportObject, reportText } from './report.ts';

const { signal } = new AbortController();
const well = (check: 'crds' | 'sudo' | 'api-server'): Examination => ({
  checks: [check],
  run: () => Promise.resolve([finding(check, ok('fine'))]),
});

describe('examinations', () => {
  it('run side by side, and are told in the order of the list', async () => {
    const gate = Promise.withResolvers<readonly Finding[]>();
    const waits: Examination = { checks: ['api-server'], run: () => gate.promise };
    const opens: Examination = {
      checks: ['sudo'],
      run: () => {
        gate.resolve([finding('api-server', ok('fine'))]);
        return Promise.resolve([finding('sudo', ok('fine'))]);
      },
    };
    const waiting: string[] = [];
    const found = await examine([waits, opens], {
      signal,
      seconds: 5,
      onProgress: (left) => waiting.push(left.join(' ')),
    });
    expect(found.map(({ check }) => check)).toEqual(['api-server', 'sudo']);
    expect(waiting[0]).toBe('api-server sudo');
    expect(waiting.at(-1)).toBe('');
  });

  it('that fail, forget a check, or do not end are Skipped, and spoil no other', async () => {
    const found = await examine(
      [
        well('api-server'),
        {
          checks: ['crds'],
          run: () => Promise.reject(new ApiError(0, 'Unreachable', 'no \u001b[2J answer')),
        },
        { checks: ['rights'], run: () => Promise.reject(new TypeError('broken inside')) },
        { checks: ['sudo', 'docker'], run: () => Promise.resolve([finding('sudo', ok('fine'))]) },
        { checks: ['dns'], run: () => new Promise(() => undefined) },
      ],
      { signal, seconds: 0.05 },
    );
    expect(found.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
      'api-server Ok',
      'crds Skipped',
      'rights Skipped',
      'sudo Ok',
      'docker Skipped',
      'dns Skipped',
    ]);
    expect(found[1]?.seen).toBe('It could not be asked: no ^[[2J answer');
    expect(found[5]?.seen).toContain('no answer within 0.05 s');
  });

  it('end with whoever called them', async () => {
    const end = new AbortController();
    const running = examine([{ checks: ['dns'], run: () => new Promise(() => undefined) }], {
      signal: end.signal,
      seconds: 60,
    });
    end.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
  });
});

describe('the report', () => {
  const findings = [
    finding('crds', ok('The cluster serves all of them.')),
    finding('operator-rights', warning('It may not.', 'Bind its role.'), 'namespace a'),
    finding(
      'sudo',
      failed(
        `jtel ${'may not use sudo '.repeat(8)}`,
        'Allow it on the host, or prepare the host yourself and set spec.host.bootstrap.',
      ),
    ),
  ];
  const paint = (_: string | undefined, text: string): string => text;

  it('has groups, what was seen, and what to do, in 80 columns', () => {
    const lines = reportText(findings, { paint, width: 80 });
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines.slice(0, 6)).toEqual([
      'Cluster',
      '  ok       crds: The cluster serves all of them.',
      '',
      'Operator',
      '  warning  operator-rights (namespace a): It may not.',
      '           → Bind its role.',
    ]);
    expect(lines.join('\n')).toContain(
      '3 checks: 1 failed, 1 warning, 1 ok. Correct what failed, from the top.',
    );
  });
  it('tells once what several checks of a group say', () => {
    const waits = skipped('The host could not be looked at.', 'Correct that.');
    const lines = reportText([...each(['sudo', 'docker'], waits), ...each(['dns'], waits)], { paint });
    expect(lines.slice(0, 5)).toEqual([
      'Host',
      '  skipped  sudo, docker: The host could not be looked at.',
      '           → Correct that.',
      '',
      'Names',
    ]);
    expect(lines.at(-1)).toContain('3 checks: 3 skipped');
  });
  it('shortens and wraps nothing in a pipe', () =>
    expect(reportText(findings, { paint })[8]).toMatch(/^ {2}failed {3}sudo: jtel (may not use sudo ?){8}$/));
  it('for programs has the worst verdict, and groups', () =>
    expect(reportObject(findings, 'a/b')).toMatchObject({
      stack: 'a/b',
      verdict: 'Failed',
      checks: [
        { check: 'crds', group: 'Cluster', verdict: 'Ok' },
        {},
        { group: 'Host', next: expect.any(String) },
      ],
    }));
  it('fails only for what failed', () => {
    expect(hasFailed(findings)).toBe(true);
    expect(hasFailed(findings.slice(0, 2))).toBe(false);
  });
});

it('text of others is bounded, on one line, and obeyed by no terminal', () => {
  const text = shown(`a\nb\u001b[31m${'x'.repeat(1_000_000)}`);
  expect(text).toMatch(/^a b\^\[\[31mx+…$/);
  expect(text.length).toBe(1200);
});

it('names of checks are unique', () =>
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length));
