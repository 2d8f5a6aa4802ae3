/**
 * Stand-in for acd-task-runner: at its start brings file tree and database to its own release, and is healthy only when
 * that is done; then idles. Port 8090: /healthz, /status (JSON with progress).
 * JTEL_FILES: the file tree, default /srv/jtel/files. Test hooks: see update/database.ts.
 */
import { json, plain, serve } from './lib/http.ts';
import { connectWhenReady } from './lib/database.ts';
import { dropPrivileges, endOnSignal, explain, ownRelease, say, secret, setting } from './lib/service.ts';
import { readUpdates, updateDatabase } from './update/database.ts';
import type { UpdateProgress } from './update/database.ts';
import { updateFiles } from './update/files.ts';

type State = 'WaitingForDatabase' | 'UpdatingFiles' | 'UpdatingDatabase' | 'Ready';

const password = secret('database-app-password');
dropPrivileges();
let state: State = 'WaitingForDatabase';
let progress: UpdateProgress = { stepsDone: 0, stepsTotal: 0 };

const server = serve(8090, async (path) => {
  if (path === '/healthz') return plain(state === 'Ready' ? 200 : 503, progress.current ?? state);
  if (path === '/status') return json(200, { release: ownRelease(), state, ...progress });
  return plain(404, 'not found');
});
endOnSignal(() => {
  server.close();
});

say(`release ${ownRelease()}: starting`);
try {
  const updates = await readUpdates('/opt/jtel/updates');
  const connection = await connectWhenReady(password);
  state = 'UpdatingFiles';
  const files = await updateFiles(setting('JTEL_FILES', '/srv/jtel/files'), '/opt/jtel/release-files', ownRelease());
  say(files === 0 ? `file tree is of release ${ownRelease()}` : `file tree updated to ${ownRelease()}: ${files} files`);
  state = 'UpdatingDatabase';
  await updateDatabase(connection, updates, (now) => {
    progress = now;
  });
  await connection.end();
  state = 'Ready';
  say(`release ${ownRelease()}: database and files are ready`);
} catch (error) {
  say(`error: ${explain(error)}`);
  process.exit(1);
}
