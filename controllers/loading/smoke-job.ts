/** The job that asks a restored stack the smoke checks of its release, and what its answers are worth; the latter is pure. */

import { FormatError, read } from '../../backup-format/schema.ts';
import type { ImageReference, JobSpec } from '../../host-driver/host.ts';
import { smokeJobResult, type SmokeAnswer, type SmokeJobInput } from '../../jobs/smoke.ts';
import { networkName, type ComponentFile } from '../../release/render.ts';
import type { Release, SmokeCheck } from '../../release/generated/release.ts';
import { serviceOf } from '../../release/smoke-checks.ts';
import type { RenderInput } from '../../release/stack-input.ts';
import { databaseAccess } from './database-access.ts';

const memoryBytes = 128 * 2 ** 20;
/** Of an answer in a message, in characters. */
const longestQuote = 80;

export interface SmokeJobOptions {
  /** The job's uid on the host. */
  readonly uid: string;
  readonly project: string;
  readonly network: RenderInput['network'];
  readonly release: Release;
  readonly rootPassword: string;
  /** What the database's component has mounted. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly toolbox: ImageReference;
}

export function smokeJob({ uid, project, network, release, toolbox, ...access }: SmokeJobOptions): JobSpec {
  const { smokeChecks = [] } = release;
  const input: SmokeJobInput = {
    type: 'smoke',
    database: databaseAccess(release, access.rootPassword, access.databaseFiles),
    queries: smokeChecks.flatMap(({ name, sql }) => (sql === undefined ? [] : [{ name, query: sql.query }])),
    requests: smokeChecks.flatMap(({ name, http }) => {
      const host = serviceOf(release, http?.component);
      return http === undefined || host === undefined
        ? []
        : [{ name, host, port: http.port, path: http.path }];
    }),
  };
  return {
    uid,
    type: 'smoke',
    image: toolbox,
    command: ['smoke'],
    network: networkName(project, network),
    volumes: [],
    input,
    memoryBytes,
  };
}

/** @returns phrases for people, of the checks that did not get the expected answer */
export function failedChecks(checks: readonly SmokeCheck[], result: unknown): readonly string[] {
  const answers = parse(result);
  return checks.flatMap(({ name, http, sql }) => {
    const wanted = sql?.value ?? String(http?.status);
    const { answer, problem = 'it was not asked' } = answers.find((one) => one.name === name) ?? {};
    if (answer === wanted) return [];
    return [`${name}: ${answer === undefined ? problem : `${quoted(answer)} instead of ${quoted(wanted)}`}`];
  });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, longestQuote));
}

function parse(result: unknown): readonly SmokeAnswer[] {
  try {
    return read(smokeJobResult, result, 'the answers').answers;
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
