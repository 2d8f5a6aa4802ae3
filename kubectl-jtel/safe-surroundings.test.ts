import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CommandError } from '../command-line/terminal.ts';
import { startAPIDouble, type APIDouble } from '../test/support/api-double.ts';
import { withKit } from './kit.ts';
import { printObject } from './output.ts';
import { safeSurroundings } from './safe-surroundings.ts';
import { silentSurroundings, type Surroundings } from './surroundings.ts';

const password = 'correct-horse-battery';
let api: APIDouble;
let shown: string[];
let surroundings: Surroundings;

/** A cluster in which every object is the same Secret. */
beforeEach(async () => {
  shown = [];
  const add = (text: string): void => void shown.push(text);
  surroundings = safeSurroundings({ ...silentSurroundings, print: add, note: add });
  const secret = { metadata: { name: 'ssh', namespace: 'demo', uid: 'u', resourceVersion: '1' } };
  api = await startAPIDouble((_, response) =>
    response.end(JSON.stringify({ ...secret, data: { key: Buffer.from(password).toString('base64') } })),
  );
});
afterEach(() => api.close());

it('an error does not repeat a secret that the command has read', async () => {
  const failing = withKit({ kubeconfig: api.kubeconfig, color: false }, surroundings, async (kit) => {
    await kit.cluster.getSecret('demo', 'ssh', kit.call);
    throw new CommandError(`the host says: bad password ${password}`);
  });
  const error = await failing.catch((caught: unknown) => caught);
  expect((error as Error).message).toContain(password);
  surroundings.note((error as Error).message);
  surroundings.print(`it says ${password}`);
  expect(shown).toEqual(['the host says: bad password [redacted]', 'it says [redacted]']);
});

it('a terminal obeys no line but for our own colours', () => {
  surroundings.print('\u001b[31mred\u001b[39m \u001b[8mhidden\u001b]0;title\u0007\nnext \u202eline');
  expect(shown).toEqual(['\u001b[31mred\u001b[39m ^[[8mhidden^[]0;title^G\nnext \ufffdline']);
});

it.each(['json', 'yaml'] as const)('an object as %s is the same for programs', async (form) => {
  const object = {
    metadata: { name: 'a' },
    status: { message: 'x\u009b2J\u202e\u001b[2J\ny', plain: 'word' },
  };
  await printObject({ surroundings }, object, form);
  expect(shown.join('\n')).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  expect(parse(shown.join('\n'))).toEqual(object);
});
