/**
 * Shows one stack on one screen, for the person whom it woke: first what is wrong, then what it waits for,
 * then the rest.
 */
import {
  isReason,
  reasons,
  type ComponentStatus,
  type Condition,
  type JtelStack,
  type JtelStackStatus,
} from '../../crds/index.ts';
import { formatBytes } from '../../base/bytes.ts';
import { judgeNow, judgePhase, sentenceOf, type Verdict } from '../../insight/judge.ts';
import { signs } from './signs.ts';
import { printable } from '../view/paint.ts';
import { progressBar } from '../view/paint.ts';
import { table, wrap } from '../view/table.ts';
import { age, moment, span } from '../view/time.ts';
import type { ViewContext } from '../view/view.ts';

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
  const step = running.step === undefined ? '' : `, ${running.step}`;
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
    { title: 'IMAGE', flexible: true },
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
  const { spec, status = {} } = stack;
  const rows: [string, string][] = [
    ['Address', `https://${spec.network.fqdn}/`],
    ['Host', hostText(stack)],
    ['Data', dataText(status)],
    ['Last backup', backupText(stack, context)],
    ['Next backup', moment(status.backup?.nextTime, context.now)],
    ['Way back', wayBack(stack, context)],
    [
      'Former host',
      (status.formerHosts ?? []).map(({ host, state }) => `${host.address} (${state})`).join(', '),
    ],
    ['Revision', revisionText(status, context)],
  ];
  return rows
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) =>
      wrap(text, inner(context.width, labelWidth)).map(
        (line, index) => `${context.paint('dim', labelled(index === 0 ? label : ''))}${line}`,
      ),
    );
}

function hostText({ spec, status }: JtelStack): string {
  const host = status?.host ?? {};
  const parts = [
    host.os,
    host.cores === undefined ? undefined : `${host.cores} cores`,
    host.memoryBytes === undefined ? undefined : `${formatBytes(host.memoryBytes)} memory`,
    host.diskFreeBytes === undefined ? undefined : `${formatBytes(host.diskFreeBytes)} of disk free`,
  ].filter((part) => part !== undefined);
  return `${spec.host.user}@${spec.host.address}${spec.host.port === 22 ? '' : `:${spec.host.port}`}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

function dataText({ data }: JtelStackStatus): string {
  if (data === undefined) return '';
  const incomplete = data.state === 'Incomplete' ? ', INCOMPLETE' : '';
  return `from ${data.source}${data.time === undefined ? '' : `, loaded ${data.time.slice(0, 16).replace('T', ' ')}Z`}${incomplete}`;
}

function backupText({ spec, status }: JtelStack, { now }: ViewContext): string {
  if (spec.backup === undefined) return 'none: spec.backup is not set';
  const backup = status?.backup;
  if (backup?.lastSuccessTime === undefined) return 'none yet';
  const verified = backup.verified === undefined ? '' : `, verification ${backup.verified.toLowerCase()}`;
  return `${moment(backup.lastSuccessTime, now)}${backup.lastBackupID === undefined ? '' : ` ${backup.lastBackupID}`}${verified}`;
}

function wayBack({ metadata, status }: JtelStack, { now }: ViewContext): string {
  const point = status?.rollback;
  if (point?.revision === undefined) return '';
  const until = point.availableUntil === undefined ? '' : `, until ${moment(point.availableUntil, now)}`;
  const data = point.backupRef === undefined ? '' : ` with the data of backup ${point.backupRef.name}`;
  return `to ${point.version ?? 'an earlier release'}${data}${until}: kubectl jtel rollback ${metadata.name} --to ${point.revision}${point.backupRef === undefined ? '' : ' --restore-data'}`;
}

function revisionText(status: JtelStackStatus, { now }: ViewContext): string {
  if (status.revision === undefined) return '';
  const last = status.history?.[0];
  const how =
    last === undefined
      ? ''
      : `; last: ${[last.action, last.version, last.result].filter((word) => word !== undefined).join(' ')}, ${age(last.completionTime ?? last.startTime, now)} ago`;
  return `${status.revision}${how}`;
}

function labelled(label: string): string {
  return printable(label).padEnd(labelWidth);
}

function inner(width: number | undefined, indent: number): number | undefined {
  return width === undefined ? undefined : Math.max(20, width - indent);
}
