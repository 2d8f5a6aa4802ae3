/** What is around every view: where one is, whether it is up to date, and how it looks. */
import type { ComponentChildren } from 'preact';
import type { Limit } from '../../protocol.ts';
import { signOut } from './connection.ts';
import { Help } from './help.tsx';
import { isOutdated } from './other-page.ts';
import { isHelpOpen, Time } from './parts.tsx';
import { byUrgency, formatRoute, noFilter } from './route.ts';
import { about, announcement, connection, isStale, isWhole, route } from './state.ts';
import { nextTheme, theme, themeWords } from './theme.ts';

export const fleetAddress = formatRoute({ view: 'Stacks', filter: noFilter, sort: byUrgency });
export const storesAddress = formatRoute({ view: 'Stores', text: '' });

export function Frame({ children }: { readonly children: ComponentChildren }) {
  const { view } = route.value;
  return (
    <>
      <header class="bar">
        <a class="brand" href={fleetAddress}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4 5h8M4 8h8M4 11h5" />
          </svg>
          jtel
        </a>
        <nav aria-label="Views">
          <a href={fleetAddress} {...(view === 'Stores' ? {} : { 'aria-current': 'page' })}>
            Stacks
          </a>
          <a href={storesAddress} {...(view === 'Stores' ? { 'aria-current': 'page' } : {})}>
            Stores
          </a>
        </nav>
        <Place />
        <State />
        <button
          type="button"
          class="icon"
          onClick={nextTheme}
          aria-label={themeWords[theme.value]}
          data-tip={themeWords[theme.value]}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true" class={`theme ${theme.value}`}>
            <circle cx="8" cy="8" r="6" />
            <path d="M8 2a6 6 0 0 1 0 12z" />
          </svg>
        </button>
        <button
          type="button"
          class="icon"
          aria-label="Keys and help"
          data-tip="Keys and help  ?"
          onClick={() => (isHelpOpen.value = true)}
        >
          ?
        </button>
        {about.value?.canSignOut === true && (
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
      </header>
      <Notices />
      <div class={isStale.value ? 'view stale' : 'view'}>{children}</div>
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
      <Help />
    </>
  );
}

/** Whose clusters and namespaces these are. */
function Place() {
  const { contexts = [], user } = about.value ?? {};
  const names = contexts.map(({ name, namespaces }) => {
    const where =
      namespaces === 'All' ? '' : namespaces.length === 1 ? namespaces[0] : `${namespaces.length} namespaces`;
    return [name, where].filter(Boolean).join(' / ');
  });
  const text = names.filter(Boolean).join(', ');
  return (
    <span class="place" title={user === undefined ? text : `${text} as ${user}`}>
      <bdi>{text}</bdi>
      {user !== undefined && <bdi class="user">{user}</bdi>}
    </span>
  );
}

function State() {
  const now = connection.value;
  const [kind, words] =
    now.state === 'Live'
      ? isWhole.value
        ? (['Good', isStale.value ? 'not up to date' : 'live'] as const)
        : (['Busy', 'reading'] as const)
      : now.state === 'Connecting'
        ? (['Busy', 'connecting'] as const)
        : now.state === 'Lost'
          ? (['Bad', 'connection lost'] as const)
          : now.state === 'SignIn'
            ? (['Bad', 'signed out'] as const)
            : (['Bad', 'stopped'] as const);
  return <span class={`state ${isStale.value && kind === 'Good' ? 'Unknown' : kind}`}>{words}</span>;
}

function Notices() {
  const now = connection.value;
  const { contexts = [], limits = [] } = about.value ?? {};
  return (
    <>
      {now.state === 'Lost' && (
        <p class="notice Bad">
          The connection was lost <Time time={new Date(now.since).toISOString()} isStop />. What is shown is
          as old as that; the page connects again by itself.
        </p>
      )}
      {isOutdated.value && (
        <p class="notice Bad">
          The server has another version than this page. Reload it; until then, parts may be missing.
        </p>
      )}
      {now.state === 'Stopped' && <p class="notice Bad">{now.message}</p>}
      {contexts.map(({ name, trouble }) =>
        trouble === undefined ? null : (
          <p class="notice Bad" key={name}>
            Not up to date{name === '' ? '' : `, ${name}`}: <bdi>{trouble}</bdi>
          </p>
        ),
      )}
      {limits.length > 0 && <Limits limits={limits} />}
    </>
  );
}

function Limits({ limits }: { readonly limits: readonly Limit[] }) {
  const [first] = limits;
  if (limits.length === 1) return <p class="notice">{first?.message}</p>;
  return (
    <details class="notice">
      <summary>{limits.length} things that you may not read</summary>
      <ul>
        {limits.map(({ message }) => (
          <li key={message}>{message}</li>
        ))}
      </ul>
    </details>
  );
}
