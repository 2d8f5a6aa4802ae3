/**
 * Stand-in for acd-task-runner. At its start it updates file tree and database to its own release, and
 * becomes healthy only when that is done; then it idles. Port 8090: /healthz, /status (JSON with progress).
 * JTEL_FILES: the file tree, default /srv/jtel/files. Test hooks: see update/database.ts.
 */
import { json, plain, serve } from './lib/http.ts';
import { connectWhenReady } from './lib/database.ts';
import { dropPrivileges, endOnSignal, explain, ownRelease, say, secret, setting } from './lib/service.ts';
import { checkDatabase, readUpdates, updateDatabase } from './update/database.ts';
import type { UpdateProgress } from './update/database.ts';
import { filesNeedUpdate, updateFiles } from './update/files.ts';

type State = 'WaitingForDatabase' | 'UpdatingFiles' | 'UpdatingDatabase' | 'Ready';

const tree = setting('JTEL_FILES', '/srv/jtel/files');
const password = secret('database-app-password');
dropPrivileges();
let state: State = 'WaitingForDatabase';
let progress: UpdateProgress = { stepsDone: 0, stepsTotal: 0 };

/** One line, which `docker inspect` then shows as the health check's last output. */
function describeState(): string {
  const { stepsDone, stepsTotal, current } = progress;
  if (state !== 'UpdatingDatabase' || current === undefined) return state;
  return `updating database: step ${stepsDone + 1} of ${stepsTotal} (${current})`;
}

const server = serve(8090, async (path) => {
  if (path === '/healthz') return plain(state === 'Ready' ? 200 : 503, describeState());
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
  // Looks at both before it changes either: data of a newer release stay as they are.
  await checkDatabase(connection, updates);
  if (await filesNeedUpdate(tree, ownRelease())) {
    state = 'UpdatingFiles';
    say(`file tree updated to ${ownRelease()}: ${await updateFiles(tree, '/opt/jtel/release-files')} files`);
  }
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
