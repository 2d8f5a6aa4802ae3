/** Job `smoke`: asks a restored stack what its release wants to know, and tells the answers. It changes nothing. */
import { Agent, request } from 'node:http';
import { longestAnswer, type SmokeAnswer, type SmokeJobInput, type SmokeJobResult } from '../jobs/smoke.ts';
import { DatabaseClient } from './database/client.ts';
import { JobError } from './job-error.ts';

const answerSeconds = 30;

/** @throws {JobError} when the database cannot be reached; a question without an answer is none. */
export async function smoke(input: SmokeJobInput, signal: AbortSignal): Promise<SmokeJobResult> {
  const { database, queries, requests } = input;
  const answers: SmokeAnswer[] = [];
  if (database !== undefined && queries.length > 0)
    await DatabaseClient.with(database, signal, async (client) => {
      for (const { name, query } of queries)
        answers.push(await answerOf(name, async () => await firstValue(client, query), signal));
    });
  for (const { name, host, port, path } of requests)
    answers.push(await answerOf(name, async () => await statusOf({ host, port, path }, signal), signal));
  return { answers };
}

async function answerOf(name: string, ask: () => Promise<string>, signal: AbortSignal): Promise<SmokeAnswer> {
  try {
    return { name, answer: (await ask()).slice(0, longestAnswer) };
  } catch (error) {
    if (signal.aborted || (error instanceof JobError && error.reason !== 'DatabaseFailed')) throw error;
    return {
      name,
      problem: (error instanceof Error ? error.message : String(error)).slice(0, longestAnswer),
    };
  }
}

async function firstValue(client: DatabaseClient, query: string): Promise<string> {
  const rows = await client.query(query);
  const [first = []] = rows;
  if (rows.length !== 1) throw new Error(`${rows.length} rows instead of 1`);
  return first[0] ?? '';
}

/** Straight to the container: the host's proxy does not know its name. */
async function statusOf(
  where: { readonly host: string; readonly port: number; readonly path: string },
  signal: AbortSignal,
): Promise<string> {
  const agent = new Agent();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerSeconds * 1000)]);
  try {
    return await new Promise<string>((resolve, reject) => {
      request({ ...where, agent, signal: limit }, (response) => {
        resolve(String(response.statusCode ?? ''));
        response.destroy();
      })
        .on('error', (error) => {
          const isLate = limit.aborted && !signal.aborted;
          reject(isLate ? new Error(`no answer in ${answerSeconds} s`, { cause: error }) : error);
        })
        .end();
    });
  } finally {
    agent.destroy();
  }
}
