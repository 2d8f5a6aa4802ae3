/** The page begins here. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { connect } from './connection.ts';
import { followStack } from './detail.ts';
import { Fleet } from './fleet.tsx';
import { Frame } from './frame.tsx';
import { listenToKeys } from './keys.ts';
import { followServer } from './other-page.ts';
import { SignIn } from './sign-in.tsx';
import { Stack } from './stack.tsx';
import { connection, now, route, stacks } from './state.ts';
import { Stores } from './stores.tsx';
import { keepTheme } from './theme.ts';

/** How often "5s ago" moves on. */
const clockSeconds = 5;

function Page() {
  return (
    <Frame>
      <View />
    </Frame>
  );
}

function View() {
  const { value } = connection;
  if (value.state === 'SignIn') return <SignIn how={value.signIn} />;
  const shownRoute = route.value;
  switch (shownRoute.view) {
    case 'Stacks':
      return <Fleet route={shownRoute} />;
    case 'Stack':
      return <Stack key={shownRoute.key} stackKey={shownRoute.key} />;
    case 'Stores':
      return <Stores route={shownRoute} />;
  }
}

function title(): string {
  const { value } = route;
  if (value.view === 'Stack') return `${value.key} · jtel`;
  if (value.view === 'Stores') return 'Stores · jtel';
  const bad = [...stacks.value.values()].filter(({ verdict }) => verdict === 'Bad').length;
  return bad === 0 ? 'jtel stacks' : `(${bad}) jtel stacks`;
}

keepTheme();
effect(() => {
  document.title = title();
});
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, clockSeconds * 1000);
document.addEventListener('visibilitychange', () => (now.value = Date.now()));
listenToKeys();
followStack();
followServer(new URL(import.meta.url).pathname.split('/').at(-1) ?? '');
void connect();
const element = document.querySelector('#page');
if (element !== null) render(<Page />, element);
