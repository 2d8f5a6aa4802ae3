/** One stack: what is wrong first, then what to do, then the rest. */
import type { StackDetail, StackRow } from '../../protocol.ts';
import { Backups, Restores } from './backups.tsx';
import { askPlan, looked, plan } from './detail.ts';
import { Available, Version } from './fleet.tsx';
import { Copy, Mark, Progress, Time } from './parts.tsx';
import { Components, Conditions, Events, History } from './sections.tsx';
import { Section } from './section.tsx';
import { stacksOf } from './route.ts';
import { isWhole, stacks } from './state.ts';

export function Stack({ stackKey }: { readonly stackKey: string }) {
  const { detail, failure } = looked.value ?? { detail: undefined, failure: undefined };
  // The stream is quicker than the detail.
  const row = stacks.value.get(stackKey) ?? detail?.row;
  const isGone = row !== undefined && isWhole.value && !stacks.value.has(stackKey);
  return (
    <main class="one">
      {row === undefined ? (
        <h1 class="title">
          <bdi>{stackKey}</bdi>
        </h1>
      ) : (
        <Header row={row} />
      )}
      {isGone && <p class="notice Bad">This stack is gone. What is shown is the last that was known.</p>}
      {failure !== undefined && <p class="notice Bad">{failure}</p>}
      {detail === undefined ? (
        failure === undefined && <p class="nothing">Reading …</p>
      ) : (
        <Parts detail={detail} row={row ?? detail.row} />
      )}
    </main>
  );
}

function Header({ row }: { readonly row: StackRow }) {
  const { operation, recoveryPoint } = row;
  return (
    <header class="title">
      <h1>
        <Mark verdict={row.verdict} />
        <a class="space" href={stacksOf(row.namespace)}>
          <bdi>{row.context === undefined ? row.namespace : `${row.context}/${row.namespace}`}</bdi>
        </a>
        <span class="space">/</span>
        <bdi class="name">{row.name}</bdi>
      </h1>
      <dl class="figures">
        <div>
          <dt>Phase</dt>
          <dd>
            <span class={row.phase === 'Ready' ? undefined : row.verdict}>{row.phase}</span>{' '}
            <Time time={row.since} form="Span" isStop />
          </dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>
            <Version row={row} />
          </dd>
        </div>
        <div>
          <dt>Available</dt>
          <dd>
            <Available row={row} />
          </dd>
        </div>
        <div>
          <dt>Last backup</dt>
          <dd>
            {recoveryPoint === undefined ? (
              'none'
            ) : (
              <Time time={recoveryPoint.time} isStop lateAfterSeconds={recoveryPoint.objectiveSeconds} />
            )}
          </dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd>{row.size}</dd>
        </div>
        <div>
          <dt>Host</dt>
          <dd>
            <bdi>{row.host}</bdi>
          </dd>
        </div>
      </dl>
      <p class={`sentence ${row.verdict}`}>
        {row.reason !== undefined && row.verdict !== 'Good' && <b class="reason">{row.reason}</b>}
        <bdi>{row.message}</bdi>
      </p>
      {operation !== undefined && (
        <p class="running">
          <Progress operation={operation} /> <Time time={operation.since} form="Span" isStop />
          {operation.message !== undefined && operation.message !== row.message && (
            <bdi>{operation.message}</bdi>
          )}
        </p>
      )}
    </header>
  );
}

function Parts({ detail, row }: { readonly detail: StackDetail; readonly row: StackRow }) {
  return (
    <div class="parts">
      <div class="main">
        <Conditions conditions={detail.conditions} />
        <Components components={detail.components} />
        <Backups row={row} backups={detail.backups} />
        <Restores row={row} restores={detail.restores} />
        <History history={detail.history} />
        <Events events={detail.events} />
      </div>
      <div class="side">
        <Section title="Commands">
          <div class="commands">
            {detail.commands.map((command) => (
              <Copy key={command.command} command={command} form="Line" />
            ))}
          </div>
        </Section>
        <Section title="Plan">
          <WhatNext absent={detail.planAbsent} />
        </Section>
        <Section title="Facts">
          <dl class="facts">
            {detail.facts.map(([label, text]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>
                  <bdi>{text}</bdi>
                </dd>
              </div>
            ))}
            {Object.entries(row.labels).map(([name, value]) => (
              <div key={`label ${name}`}>
                <dt>
                  <bdi>{name}</bdi>
                </dt>
                <dd>
                  <bdi>{value}</bdi>
                </dd>
              </div>
            ))}
          </dl>
        </Section>
      </div>
    </div>
  );
}

const planWords = {
  Act: 'The operator would do this now:',
  Wait: 'Something is under way:',
  Blocked: 'It cannot continue:',
  Done: 'Nothing is to do.',
} as const;

function WhatNext({ absent }: { readonly absent: string | undefined }) {
  if (absent !== undefined) return <p class="faint">{absent}</p>;
  const now = plan.value;
  return (
    <div class="plan" aria-live="polite">
      {now.state === 'There' && (
        <>
          <p>{planWords[now.plan.kind]}</p>
          {now.plan.lines.length > 0 && <pre tabIndex={0}>{now.plan.lines.join('\n')}</pre>}
        </>
      )}
      {now.state === 'Failed' && <p class="Bad">{now.message}</p>}
      {now.state === 'None' && <p class="faint">What the operator would do now. It looks at the host.</p>}
      <button type="button" disabled={now.state === 'Asked'} onClick={() => void askPlan()}>
        {now.state === 'Asked' ? 'Looking …' : now.state === 'None' ? 'Look' : 'Look again'}
      </button>
    </div>
  );
}
