/**
 * Entry of `kubectl-jtel/bin/kubectl-jtel`. It keeps compiled code for the next call, which halves the time
 * until the first line.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// The directory belongs to the user, because Node runs what lies there.
enableCompileCache(join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubectl-jtel'));
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
