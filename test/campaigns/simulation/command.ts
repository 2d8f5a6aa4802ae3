/**
 * `make campaign-simulation`: runs seeds, one after the other, and says what was wrong with which. Its last
 * line is that of every campaign.
 */
import { cpuUsage } from 'node:process';
import { parseArgs } from 'node:util';
import { runSeed, type SeedResult } from './run.ts';

const longForm = 10_000;
/** Lines of the trace that a failure shows. */
const shownLines = 40;

const usage =
  'Usage: node test/campaigns/run.ts simulation [--seeds COUNT] [--from SEED] [--seed SEED] [--trace]\n';

/** @returns the exit code */
export async function simulate(given: readonly string[], write: (text: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seed: { type: 'string' },
      from: { type: 'string', default: '1' },
      seeds: { type: 'string', default: String(longForm) },
      trace: { type: 'boolean', default: false },
    },
  });
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
    write(usage);
    return 2;
  }
  const begin = performance.now();
  let [failed, faults, simulatedSeconds] = [0, 0, 0];
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSeed(seed);
    faults += result.play.faults.length;
    simulatedSeconds += result.simulatedSeconds;
    if (result.wrong.length > 0) failed += 1;
    if (result.wrong.length > 0 || values.trace) write(told(result, values.trace));
    const done = seed - first + 1;
    if (done % 100 === 0) write(`${done}/${count}, ${failed} failed\n`);
  }
  const seconds = (performance.now() - begin) / 1000;
  const processorMilliseconds = cpuUsage().user / 1000 / count;
  write(
    `${seconds.toFixed(1)} s, ${(count / seconds).toFixed(1)} seeds/s, ${processorMilliseconds.toFixed(0)} ms of CPU each; ` +
      `${faults} faults in ${(simulatedSeconds / 3_600).toFixed(0)} simulated hours\n` +
      `campaign simulation: ${count} cases, ${count - failed} passed, ${failed} failed\n`,
  );
  return failed === 0 ? 0 : 1;
}

function told({ seed, play, trace, digest, wrong }: SeedResult, isWhole: boolean): string {
  const stories = play.stories.map(({ name, version, broken, acts }) =>
    JSON.stringify({ name, version, broken, acts }),
  );
  const lines = isWhole ? trace : trace.slice(-shownLines);
  return [
    `seed ${seed}, trace ${digest}`,
    ...stories,
    ...lines,
    ...wrong.map((sentence) => `failed seed ${seed}: ${sentence}`),
    '',
  ].join('\n');
}
