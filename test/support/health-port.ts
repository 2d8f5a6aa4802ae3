/** Where an operator that took any free port answers: it says so itself. */
import { waitFor } from './wait.ts';

/** Waits until the log shows the newest start. */
export function healthPort(operator: { readonly log: () => Promise<string> }): Promise<number> {
  return waitFor('the operator to say its port', async () => {
    const [, port] = [...(await operator.log()).matchAll(/"healthPort":(\d+)/g)].at(-1) ?? [];
    return port === undefined ? undefined : Number(port);
  });
}
