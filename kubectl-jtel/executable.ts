/**
 * Entry of the single executable, which is Node and this code in one file. Under the name (a link)
 * `kubectl_complete-jtel` it does what kubectl expects of that.
 */
import { basename } from 'node:path';
import { main } from './main.ts';

// docker-modem still calls url.parse(); people who use a program can do nothing with Node's warning of that.
process.noDeprecation = true;
const isCompletion = basename(process.argv0).startsWith('kubectl_complete');
const words = process.argv.slice(2);
void main(isCompletion ? ['__complete', ...words] : words).then((code) => (process.exitCode = code));
