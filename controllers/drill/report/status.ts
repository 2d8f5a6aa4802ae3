/** The status of a drill; pure. */
import {
  conditionMessageMaxLength,
  statusMessageMaxLength,
  type Condition,
  type DrillHostStatus,
  type JtelDrill,
  type JtelDrillStatus,
  type Reason,
} from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';
import { summariseConditions } from '../../../runtime/report/conditions.ts';
import { standingConditions, transientStanding, type Standing } from '../../../runtime/report/standing.ts';
import type { Observed, SeenHost } from '../observe/observed.ts';
import type { DrillPlan } from '../plan/plan.ts';

const gibibyte = 2 ** 30;
/** Tests that the mean goes back. */
const meanOf = 20;
const mostNames = 5;

export function summarise(
  { metadata, spec, status }: JtelDrill,
  observed: Observed,
  plan: DrillPlan,
  now: Date,
): JtelDrillStatus {
  const { standings, tests, doneSeconds } = plan;
  const hosts = observed.hosts.map(hostStatus);
  const testsDone = (status?.testsDone ?? 0) + doneSeconds.length;
  const testSeconds = meanSeconds(status, doneSeconds);
  const parallel = spec.hosts
    .filter(({ name }) => hosts.some((one) => one.name === name && one.state === 'Ready'))
    .reduce((sum, one) => sum + one.parallel, 0);
  const cycleSeconds =
    testSeconds === undefined || parallel === 0 ? undefined : (standings.length * testSeconds) / parallel;
  const tested = standings.filter(({ isTested }) => isTested).length;
  const [oldest] = standings.toSorted((a, b) => (a.testTime ?? '').localeCompare(b.testTime ?? ''));
  const figures = {
    stacks: standings.length,
    tested,
    testedPercent: standings.length === 0 ? 100 : Math.floor((tested * 100) / standings.length),
    failed: standings.filter(({ hasFailed }) => hasFailed).length,
    waiting: standings.filter(({ isDue }) => isDue).length,
    running: tests.length,
  };
  const { standing, reason, message } = headline(spec, hosts, plan, figures, cycleSeconds);
  return {
    observedGeneration: metadata.generation,
    message: message.slice(0, statusMessageMaxLength),
    ...figures,
    ...(oldest === undefined
      ? {}
      : {
          oldest: {
            namespace: oldest.stack.metadata.namespace,
            name: oldest.stack.metadata.name,
            ...optional({ testTime: oldest.testTime }),
          },
        }),
    testsDone,
    ...optional({ testSeconds }),
    ...optional({ cycleHours: cycleSeconds === undefined ? undefined : Math.ceil(cycleSeconds / 3600) }),
    tests,
    hosts,
    conditions: summariseConditions<Condition>(
      status?.conditions,
      standingConditions<Reason>(standing, reason, message),
      {
        generation: metadata.generation,
        transient: transientStanding,
        longestMessage: conditionMessageMaxLength,
        now,
      },
    ),
  };
}

function meanSeconds(before: JtelDrillStatus | undefined, done: readonly number[]): number | undefined {
  let { testSeconds: mean, testsDone: count = 0 } = before ?? {};
  for (const seconds of done) {
    count += 1;
    mean = mean === undefined ? seconds : Math.round(mean + (seconds - mean) / Math.min(count, meanOf));
  }
  return mean;
}

function hostStatus({ spec: { name }, refusal, facts }: SeenHost): DrillHostStatus {
  const message = refusal ?? (facts.ok ? undefined : facts.message);
  return {
    name,
    state: refusal !== undefined ? 'Refused' : facts.ok ? 'Ready' : 'Unreachable',
    ...optional({ message: message?.slice(0, statusMessageMaxLength) }),
    ...(facts.ok ? { freeGiB: Math.floor(facts.value.diskFreeBytes / gibibyte) } : {}),
  };
}

interface Headline {
  readonly standing: Standing;
  readonly reason: Reason;
  readonly message: string;
}

type Figures = Pick<
  Required<JtelDrillStatus>,
  'stacks' | 'tested' | 'failed' | 'waiting' | 'running' | 'testedPercent'
>;

/** What needs somebody comes first; the rest goes on beside it. */
function headline(
  { state, testWithinDays, hosts: specs }: JtelDrill['spec'],
  hosts: readonly DrillHostStatus[],
  plan: DrillPlan,
  figures: Figures,
  cycleSeconds: number | undefined,
): Headline {
  const { stacks, tested, failed, waiting, running } = figures;
  const forecast =
    cycleSeconds === undefined
      ? ''
      : ` With ${specs.length === 1 ? 'this host' : 'these hosts'} every backup is tested each ${(cycleSeconds / 86_400).toFixed(1)} days.`;
  const course = `${tested} of ${stacks} stacks were tested within ${testWithinDays} days; ${running} ${running === 1 ? 'test runs' : 'tests run'}, ${waiting} ${waiting === 1 ? 'waits' : 'wait'}, ${failed} failed.${forecast}`;
  const bad = (reason: Reason, what: string): Headline => ({
    standing: 'Failed',
    reason,
    message: `${what} ${course}`,
  });
  const refused = hosts.find((one) => one.state === 'Refused');
  if (refused !== undefined) return bad('DrillHostRefused', refused.message ?? '');
  const away = hosts.find((one) => one.state === 'Unreachable');
  if (away !== undefined) return bad('DrillHostUnreachable', `Host ${away.name}: ${away.message ?? ''}`);
  if (plan.tooBig.length > 0)
    return bad(
      'DrillNoRoom',
      `No host has room for ${listed(plan.tooBig)}, and for what keepFreeGiB keeps free.`,
    );
  const failing = plan.standings.filter(({ hasFailed }) => hasFailed);
  if (failing.length > 0) return bad('DrillFailed', `The last test failed: ${listed(failing)}.`);
  if (state === 'Suspended')
    return { standing: 'Well', reason: 'DrillSuspended', message: `Suspended. ${course}` };
  const reason = running + waiting > 0 ? 'Drilling' : 'DrillDone';
  return { standing: 'Well', reason, message: course };
}

function listed(all: DrillPlan['standings']): string {
  const names = all.map(({ stack: { metadata } }) => `${metadata.namespace}/${metadata.name}`);
  const more = names.length - mostNames;
  return `${names.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
