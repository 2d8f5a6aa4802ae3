/**
 * Loaded before the operator (`node --import`): gives it fake hosts and a store in memory in place of two
 * modules, and tells what it uses. So everything else, from the command's options to the API client, is what
 * users run, also in an earlier build.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { leastUsageWanted, usageWanted, type Report } from '../messages.ts';
import { loopMilliseconds } from './processor-time.ts';
import { settings } from './settings.ts';

const urlOf = (path: string): string => pathToFileURL(join(settings.tree, path)).href;
const here = new URL('.', import.meta.url).href;
const replaced = new Map([
  [urlOf('host-driver/connect.ts'), `${here}hosts.ts`],
  [urlOf('blob-store/azure/azure-store.ts'), `${here}blobs.ts`],
]);

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const url = replaced.get(found.url);
    // What replaces a module may use it.
    return url === undefined || context.parentURL?.startsWith(here) === true ? found : { ...found, url };
  },
});

const loop = monitorEventLoopDelay({ resolution: 10 });
loop.enable();
process.on('message', (asked) => {
  if (asked === leastUsageWanted) global.gc?.();
  else if (asked !== usageWanted) return;
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const report: Report = {
    usage: {
      cpuMilliseconds: (user + system) / 1000,
      loopMilliseconds: loopMilliseconds(),
      residentMB: rss / 1e6,
      heapMB: heapUsed / 1e6,
      longestStopMilliseconds: loop.max / 1e6,
    },
  };
  loop.reset();
  process.send?.(report);
});
// The operator's end ends the process.
process.channel?.unref();
