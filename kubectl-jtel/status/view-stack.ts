/**
 * Shows one stack on one screen, for the person whom it woke: first what is wrong, then what it waits for,
 * then the rest.
 */
import { isReason, reasons, type ComponentStatus, type Condition, type JtelStack } from '../../crds/index.ts';
import { factsOf } from '../../insight/facts.ts';
import { judgeNow, judgePhase, sentenceOf, type Verdict } from '../../insight/judge.ts';
import { signs } from './signs.ts';
import { progressBar } from '../view/paint.ts';
import { table } from '../view/table.ts';
import { age, span } from '../../base/time.ts';
import type { ViewContext } from '../view/view.ts';
import { printable } from '../../base/printable.ts';
import { wrap } from '../../command-line/wrap.ts';

const barLength = 24;
const labelWidth = 14;

export interface StackViewOptions {
  /** Healthy conditions are explained only on request. */
  readonly conditions: 'Usual' | 'Explained';
}

/** @returns lines, without their ends. */
export function stackView(stack: JtelStack, options: StackViewOptions, context: ViewContext): string[] {
  const sections = [
    header(stack, context),
    operation(stack, context),
    conditions(stack, options, context),
    components(stack, context),
    facts(stack, context),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function header(stack: JtelStack, { paint, width }: ViewContext): string[] {
  const { metadata, spec, status = {} } = stack;
  const { sign, colour } = signs[judgePhase(status.phase)];
  const name = `${metadata.namespace}/${metadata.name}`;
  const version =
    status.version === undefined || status.version === spec.version
      ? spec.version
      : `${status.version} → ${spec.version}`;
  const ready = status.componentsReady === undefined ? '' : `, ${status.componentsReady} components`;
  const first = `${paint(colour, `${sign} ${status.phase ?? 'Pending'}`)}  ${paint('bold', name)}  ${version} ${spec.size}${ready}`;
  const sentence = sentenceOf(stack);
  const stale = status.observedGeneration !== undefined && status.observedGeneration < metadata.generation;
  const message = stale
    ? `The operator has not looked at the newest change yet. ${sentence ?? ''}`
    : (sentence ?? 'The operator has not looked at it yet: does it run?');
  return [first, ...wrap(message, inner(width, 2)).map((line) => `  ${line}`)];
}

function operation({ status }: JtelStack, { paint, now }: ViewContext): string[] {
  const running = status?.operation;
  if (running === undefined) return [];
  const since = age(running.startTime, now);
  const step = running.step === undefined || running.step === running.type ? '' : `, ${running.step}`;
  const line = `  ${labelled('Under way')}${running.type}${step}${since === '' ? '' : `, for ${since}`}`;
  const bar =
    running.progressPercent === undefined
      ? []
      : [`  ${labelled('')}${progressBar(running.progressPercent, barLength, paint)}`];
  const heartbeat =
    running.lastHeartbeatTime === undefined
      ? 0
      : (now.getTime() - Date.parse(running.lastHeartbeatTime)) / 1000;
  const silent =
    heartbeat > 60
      ? [
          `  ${labelled('')}${paint('yellow', `the operator last looked at it ${span(heartbeat)} ago: does it run?`)}`,
        ]
      : [];
  return [line, ...bar, ...silent];
}

function conditions(stack: JtelStack, options: StackViewOptions, context: ViewContext): string[] {
  const all = stack.status?.conditions ?? [];
  const order = { Bad: 0, Unknown: 1, Busy: 2, Good: 3, Neutral: 4 } as const;
  const sorted = all.toSorted((a, b) => order[judgeNow(a, all)] - order[judgeNow(b, all)]);
  const [types, words] = [
    Math.max(0, ...all.map(({ type }) => type.length)),
    Math.max(0, ...all.map(({ reason }) => reason.length)),
  ];
  // Does not repeat what the header or a condition above says.
  const said = new Set([sentenceOf(stack) ?? '']);
  return sorted.flatMap((condition) => {
    const lines = conditionLines(
      condition,
      {
        verdict: judgeNow(condition, all),
        types,
        words,
        explained: options.conditions === 'Explained',
        said,
      },
      context,
    );
    said.add(condition.message).add(condition.reason);
    return lines;
  });
}

function conditionLines(
  condition: Condition,
  {
    verdict,
    types,
    words,
    explained,
    said,
  }: {
    readonly verdict: Verdict;
    readonly types: number;
    readonly words: number;
    readonly explained: boolean;
    readonly said: ReadonlySet<string>;
  },
  { paint, width, now }: ViewContext,
): string[] {
  const { sign, colour } = signs[verdict];
  const since = age(condition.lastTransitionTime, now).padStart(6);
  const head = `${paint(colour, sign)} ${condition.type.padEnd(types)}  ${paint(verdict === 'Good' ? 'dim' : colour, condition.reason.padEnd(words))} ${paint('dim', since)}`;
  if (!explained && (verdict === 'Good' || verdict === 'Neutral')) return [head];
  const message = said.has(condition.message)
    ? []
    : wrap(condition.message, inner(width, 4)).map((line) => `    ${line}`);
  const meaning =
    isReason(condition.reason) && verdict === 'Bad' && !said.has(condition.reason)
      ? wrap(reasons[condition.reason], inner(width, 4)).map((line) => paint('dim', `    ${line}`))
      : [];
  return [head, ...message, ...meaning];
}

function components({ status }: JtelStack, { paint, width }: ViewContext): string[] {
  const all = status?.components ?? [];
  if (all.length === 0) return [];
  const columns = [
    { title: 'COMPONENT' },
    { title: 'STATE' },
    { title: 'HEALTH' },
    { title: 'RESTARTS', align: 'right' },
    { title: 'IMAGE', flexible: 'Shorten' },
  ] as const;
  const rows = all.map(
    (one) =>
      [
        one.name,
        { text: one.state ?? '', colour: one.state === 'running' ? undefined : 'red' },
        { text: one.health ?? '', colour: healthColour(one) },
        {
          text: one.restarts === undefined ? '' : String(one.restarts),
          colour: (one.restarts ?? 0) > 0 ? 'yellow' : undefined,
        },
        { text: shortImage(one), colour: 'dim' },
      ] as const,
  );
  return table(columns, rows, { paint, width });
}

function healthColour({ health }: ComponentStatus): 'green' | 'yellow' | 'red' | undefined {
  return health === 'healthy'
    ? 'green'
    : health === 'starting'
      ? 'yellow'
      : health === 'unhealthy'
        ? 'red'
        : undefined;
}

/** Registry and path are the same for all. */
function shortImage({ image = '', digest = '' }: ComponentStatus): string {
  const name = image.split('/').at(-1) ?? '';
  return name.includes(':') || digest === '' ? name : `${name}@${digest.slice(0, 19)}`;
}

function facts(stack: JtelStack, context: ViewContext): string[] {
  return factsOf(stack, context.now).flatMap(([label, text]) =>
    wrap(text, inner(context.width, labelWidth)).map(
      (line, index) => `${context.paint('dim', labelled(index === 0 ? label : ''))}${line}`,
    ),
  );
}

function labelled(label: string): string {
  return printable(label).padEnd(labelWidth);
}

function inner(width: number | undefined, indent: number): number | undefined {
  return width === undefined ? undefined : Math.max(20, width - indent);
}
