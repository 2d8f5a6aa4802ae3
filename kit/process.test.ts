import { expect, it } from 'vitest';
import { run, tryRun } from './process.ts';

it('passes a secret by stdin and returns what the command printed', async () => {
  expect(await run(['sh', '-c', 'read -r line; echo "got $line"'], { input: 'secret\n' })).toBe(
    'got secret\n',
  );
});

it('names the command, its code and its last words when it fails', async () => {
  await expect(run(['sh', '-c', 'echo broken >&2; exit 3'])).rejects.toThrow(
    /^sh -c .* ended with code 3:\nbroken$/,
  );
});

it('ends a command that takes too long', async () => {
  await expect(tryRun(['sleep', '60'], { timeoutSeconds: 0.05 })).rejects.toThrow(
    'sleep 60 took longer than 0.05 s',
  );
});

it('tells when a command is not there', async () => {
  await expect(run(['/no/such/program'])).rejects.toThrow('/no/such/program could not be run');
});
