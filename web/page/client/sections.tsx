/** Conditions, components, history and events of one stack. */
import type { ComponentLine, ConditionLine, EventLine, HistoryLine, Part, Verdict } from '../../protocol.ts';
import { span } from '../../../base/time.ts';
import { Copy, Mark, Time } from './parts.tsx';
import { PartOf, Section, SmallTable, type Field } from './section.tsx';
import { took } from './times.ts';

const worstFirst: Readonly<Record<Verdict, number>> = { Bad: 0, Unknown: 1, Busy: 2, Good: 3, Neutral: 4 };

/** What is wrong is explained; what is well takes one line. */
export function Conditions({ conditions }: { readonly conditions: readonly ConditionLine[] }) {
  const inOrder = conditions.toSorted((a, b) => worstFirst[a.verdict] - worstFirst[b.verdict]);
  return (
    <Section title="Conditions">
      <ul class="conditions">
        {inOrder.map((condition) => (
          <Condition key={condition.type} condition={condition} />
        ))}
      </ul>
    </Section>
  );
}

function Condition({ condition }: { readonly condition: ConditionLine }) {
  const { type, status, verdict, reason, message, meaning, since } = condition;
  const isExplained = verdict === 'Bad' || verdict === 'Unknown' || verdict === 'Busy';
  return (
    <li class={verdict}>
      <Mark verdict={verdict} />
      <span class="type">
        {type} <span class="unseen">is {status}</span>
      </span>
      <Time time={since} isStop />
      <p class={isExplained ? 'said' : 'said short'} title={isExplained ? undefined : message}>
        {isExplained && <b class="reason">{reason}</b>}
        <bdi>{message}</bdi>
        {isExplained && meaning !== undefined && <span class="meaning">{meaning}</span>}
      </p>
    </li>
  );
}

const componentFields: readonly Field<ComponentLine>[] = [
  {
    title: 'Component',
    name: 'first',
    cell: ({ name, verdict }) => (
      <>
        <Mark verdict={verdict} /> <bdi>{name}</bdi>
      </>
    ),
  },
  { title: 'State', cell: ({ state = 'Missing' }) => state },
  { title: 'Health', cell: ({ health }) => health },
  { title: 'Restarts', name: 'figure', cell: ({ restarts }) => restarts },
  {
    title: 'Image',
    name: 'wide',
    cell: ({ image, digest }) => (image === undefined ? null : <bdi title={digest}>{shortImage(image)}</bdi>),
  },
  { title: 'Command', name: 'last', cell: ({ command }) => <Copy command={command} form="Button" /> },
];

/** Without the registry, as `kubectl jtel status` has it. */
const shortImage = (image: string): string => image.slice(image.lastIndexOf('/') + 1);

export function Components({ components }: { readonly components: readonly ComponentLine[] }) {
  return (
    <Section title="Components" aside={components.length}>
      {components.length === 0 ? (
        <p class="faint">Nothing was seen on the host yet.</p>
      ) : (
        <SmallTable
          label="Components"
          fields={componentFields}
          lines={components}
          keyOf={({ name }) => name}
        />
      )}
    </Section>
  );
}

const resultVerdicts: Readonly<Record<string, Verdict>> = {
  Succeeded: 'Good',
  Failed: 'Bad',
  Held: 'Bad',
  RolledBack: 'Unknown',
  RollingBack: 'Busy',
  Superseded: 'Neutral',
};

const historyFields: readonly Field<HistoryLine>[] = [
  {
    title: 'Revision',
    name: 'first',
    cell: ({ revision, result, marks }) => (
      <>
        <Mark verdict={resultVerdicts[result ?? ''] ?? 'Busy'} /> {revision ?? '–'}
        {marks.includes('Running') && <span class="tag">runs</span>}
        {marks.includes('Wanted') && !marks.includes('Running') && <span class="tag">wanted</span>}
      </>
    ),
  },
  { title: 'Version', cell: ({ version }) => version },
  {
    title: 'Change',
    cell: ({ action, result, isStalled }) =>
      [action, result ?? (isStalled && 'stalled')].filter(Boolean).join(', '),
  },
  {
    title: 'When',
    cell: ({ startTime }) => (startTime === undefined ? null : <Time time={startTime} isStop />),
  },
  { title: 'Took', cell: ({ startTime, completionTime }) => took(startTime, completionTime) },
  {
    title: 'Down',
    cell: ({ downtimeSeconds }) => (downtimeSeconds === undefined ? null : span(downtimeSeconds)),
  },
  {
    title: 'Commit',
    cell: ({ sourceRevision }) =>
      sourceRevision === undefined ? null : <bdi class="commit">{shortCommit(sourceRevision)}</bdi>,
  },
  { title: 'By', name: 'by', cell: ({ changedBy }) => changedBy },
  {
    title: 'Command',
    name: 'last',
    cell: ({ command }) => (command === undefined ? null : <Copy command={command} form="Button" />),
  },
];

/** `main@sha1:0123456789abcdef…` as well as a bare hash. */
const shortCommit = (source: string): string => source.replace(/[0-9a-f]{13,}/g, (hash) => hash.slice(0, 10));

export function History({ history }: { readonly history: Part<HistoryLine> }) {
  return (
    <Section title="History">
      <PartOf part={history} none="Nothing was applied yet.">
        {(lines) => (
          <SmallTable
            label="History"
            fields={historyFields}
            lines={lines}
            keyOf={({ revision, action, startTime }) => `${revision} ${action} ${startTime}`}
            note={({ message, result }) =>
              message === undefined || result === 'Succeeded' ? null : <bdi>{message}</bdi>
            }
          />
        )}
      </PartOf>
    </Section>
  );
}

export function Events({ events }: { readonly events: Part<EventLine> }) {
  return (
    <Section title="Events">
      <PartOf part={events} none="No events in the last hour.">
        {(lines) => (
          <ul class="events">
            {lines.map(({ type, reason, message, count, lastTime }) => (
              <li key={`${lastTime} ${reason} ${message}`} class={type}>
                <Time time={lastTime} isStop />
                <span class={type === 'Warning' ? 'reason Bad' : 'reason'}>
                  {type === 'Warning' && <span class="unseen">Warning: </span>}
                  {reason}
                  {count > 1 && <span class="faint"> × {count}</span>}
                </span>
                <bdi>{message}</bdi>
              </li>
            ))}
          </ul>
        )}
      </PartOf>
    </Section>
  );
}
