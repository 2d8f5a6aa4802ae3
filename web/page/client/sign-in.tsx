/** Shown instead of a view when the server does not know who looks. */
import { useSignal } from '@preact/signals';
import type { SignIn as How } from '../../protocol.ts';
import { signIn } from './connection.ts';

export function SignIn({ how }: { readonly how: How }) {
  const failure = useSignal('');
  const send = async (form: HTMLFormElement): Promise<void> => {
    const token = new FormData(form).get('token');
    failure.value = typeof token === 'string' ? ((await signIn(token.trim())) ?? '') : '';
  };
  return (
    <main class="sign-in">
      <h1>Who are you?</h1>
      <p>{how.message}</p>
      {how.how === 'Link' && (
        <p>
          Run <code>kubectl jtel web</code> again: it prints a new link.
        </p>
      )}
      {how.how === 'Token' && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send(event.currentTarget);
          }}
        >
          <label for="token">
            Token of the cluster, as <code>kubectl create token NAME</code> prints it
          </label>
          <input id="token" name="token" type="password" autocomplete="off" required />
          <button type="submit">Sign in</button>
          <p role="alert" class="Bad">
            {failure.value}
          </p>
        </form>
      )}
    </main>
  );
}
