/** Shows how far a channel is, and each of its stacks; pure. */
import type { planChannel, Stand, Standing } from '../../controllers/channel/index.ts';
import type { JtelChannel } from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';
import type { Colour } from '../view/paint.ts';
import { table, type Cell, type Column } from '../view/table.ts';
import type { ViewContext } from '../view/view.ts';

export function statusView({ metadata, spec, status }: JtelChannel, { paint, width }: ViewContext): string[] {
  const right = (title: string): Column => ({ title, align: 'right' });
  const rows = (status?.waves ?? []).map((wave): Cell[] => [
    wave.name,
    wave.state,
    String(wave.wanted),
    String(wave.updated),
    String(wave.running),
    { text: String(wave.failed), colour: wave.failed > 0 ? 'red' : undefined },
    String(wave.waitingForWindow),
    String(wave.waiting),
    String(wave.aside),
    wave.since ?? '',
    wave.until ?? '',
  ]);
  return [
    `${metadata.name}: ${spec.version}${spec.paused ? ', paused' : ''}`,
    status?.message ?? 'no operator has looked at it yet',
    '',
    ...table(
      [
        { title: 'WAVE' },
        { title: 'STATE' },
        right('STACKS'),
        right('UPDATED'),
        right('RUNNING'),
        right('FAILED'),
        right('WINDOW'),
        right('WAITING'),
        right('ASIDE'),
        { title: 'SINCE', dropOrder: 2 },
        { title: 'UNTIL', dropOrder: 1 },
      ],
      rows,
      { paint, width },
    ),
  ];
}

export interface PlanRow {
  readonly namespace: string;
  readonly name: string;
  readonly wave?: string;
  /** That runs. */
  readonly version?: string;
  readonly standing: Standing;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly until?: string;
}

export function planRows(
  { spec }: JtelChannel,
  { stands, waves, stop, turns }: ReturnType<typeof planChannel>,
): readonly PlanRow[] {
  return stands.map((stand): PlanRow => {
    const { namespace, name, uid } = stand.stack.metadata;
    const why = turns.some((turn) => turn.uid === uid) ? stand : waitsFor(stand, waves, stop);
    return {
      namespace,
      name,
      standing: stand.standing,
      ...optional({
        wave: stand.wave === undefined ? undefined : spec.waves[stand.wave]?.name,
        version: stand.stack.status?.version,
        reason: why.reason,
        message: why.message,
        until: why.until?.toISOString(),
      }),
    };
  });
}

type Why = Pick<Stand, 'reason' | 'message' | 'until'>;

/** Of one that could be updated, what it waits for. */
function waitsFor(
  stand: Stand,
  waves: ReturnType<typeof planChannel>['waves'],
  stop: ReturnType<typeof planChannel>['stop'],
): Why {
  if (stand.standing !== 'Ready') return stand;
  if (stop === 'Paused') return { reason: 'ChannelPaused', message: 'the channel is paused' };
  if (stop !== undefined)
    return { reason: stop, message: 'the channel has stopped, because too many updates failed' };
  const wave = stand.wave === undefined ? undefined : waves[stand.wave];
  if (wave?.state !== 'Waiting')
    return { reason: 'WaitingForTurn', message: 'others are being updated (spec.maxUnavailable)' };
  const before = waves.find(({ state }) => state !== 'Done');
  return { reason: 'WaitingForWave', message: `wave ${before?.name ?? ''} comes first` };
}

const colours: Readonly<Record<Standing, Colour | undefined>> = {
  Updated: 'green',
  Running: 'yellow',
  Failed: 'red',
  Ready: undefined,
  Waiting: undefined,
  Aside: 'magenta',
};

export function planView(rows: readonly PlanRow[], { paint, width }: ViewContext): string[] {
  return table(
    [
      { title: 'WAVE' },
      { title: 'STACK' },
      { title: 'RUNS' },
      { title: 'STANDING' },
      { title: 'WHY', flexible: 'Wrap' },
    ],
    rows.map(({ wave = '–', namespace, name, version = '–', standing, reason, message }): Cell[] => [
      wave,
      `${namespace}/${name}`,
      version,
      { text: standing, colour: colours[standing] },
      [reason, message].filter((part) => part !== undefined).join(': '),
    ]),
    { paint, width },
  );
}
