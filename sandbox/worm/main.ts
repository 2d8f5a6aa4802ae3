/** Entry point of the sandbox's blob container: Azurite and, in front of it, the double. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startDouble } from './start.ts';

const { values } = parseArgs({
  options: {
    azurite: { type: 'string', default: '' },
    accounts: { type: 'string', default: '' },
    directory: { type: 'string', default: '/data' },
    /** `account/container=days` of a locked retention policy that exists from the beginning. */
    locked: { type: 'string', multiple: true, default: [] },
    port: { type: 'string', default: '10000' },
    'admin-port': { type: 'string', default: '10001' },
    'azurite-port': { type: 'string', default: '10002' },
  },
});

/** `name:key;name:key`, as Azurite accepts it. */
const pairs = readFileSync(values.accounts, 'utf8').trim().split(';').filter(Boolean);
const double = await startDouble({
  azurite: values.azurite,
  host: '0.0.0.0',
  port: Number(values.port),
  adminPort: Number(values['admin-port']),
  azuritePort: Number(values['azurite-port']),
  accounts: Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]),
  ),
  directory: values.directory,
  defaults: Object.fromEntries(
    values.locked.map((text) => [
      text.slice(0, text.indexOf('=')),
      { kind: 'Worm', state: 'Locked', days: Number(text.slice(text.indexOf('=') + 1)) },
    ]),
  ),
});
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
});
await Promise.race([stopped, double.ended]);
await double.stop();
