/**
 * Stand-in for acd-web-1 … acd-web-N: the portal's web server, behind acd-haproxy. Port 8080: `/` (page), /api/info (the
 * same as JSON), /logo.svg (from the file tree), /healthz (reads the database).
 * JTEL_FQDN: the stack's name. JTEL_FILES: the file tree, default /srv/jtel/files.
 */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { databasePool } from './lib/database.ts';
import { json, plain, serve } from './lib/http.ts';
import { dropPrivileges, endOnSignal, ownRelease, say, secret, setting } from './lib/service.ts';
import { renderPage } from './web/page.ts';
import type { PageContent } from './web/page.ts';

const greeting = 'skins/default/welcome.txt';
const tree = setting('JTEL_FILES', '/srv/jtel/files');
const password = secret('database-app-password');
dropPrivileges();
const pool = databasePool(password);

async function content(): Promise<PageContent> {
  const tenants: readonly { name: string; users: number }[] = await pool.query(
    'SELECT name, (SELECT COUNT(*) FROM jtel.users WHERE users.tenant_id = tenants.id) AS users FROM jtel.tenants ORDER BY id LIMIT 1',
  );
  const versions: readonly { version: number }[] = await pool.query(
    'SELECT MAX(version) AS version FROM jtel.schema_version',
  );
  const tenant = tenants[0];
  if (tenant === undefined) throw new Error('table jtel.tenants is empty');
  return {
    fqdn: setting('JTEL_FQDN', 'jtel.example'),
    release: ownRelease(),
    server: hostname(),
    tenant,
    schemaVersion: versions[0]?.version ?? 0,
    file: { path: greeting, text: (await readFile(join(tree, greeting), 'utf8')).trim() },
  };
}

const server = serve(8080, async (path) => {
  switch (path) {
    case '/':
      return { status: 200, type: 'text/html', body: renderPage(await content()) };
    case '/api/info':
      return json(200, await content());
    case '/logo.svg':
      return {
        status: 200,
        type: 'image/svg+xml',
        body: await readFile(join(tree, 'skins/default/logo.svg')),
      };
    case '/healthz':
      await pool.query('SELECT 1 FROM jtel.tenants LIMIT 1');
      return plain(200, 'ok');
    default:
      return plain(404, 'not found');
  }
});
say(`release ${ownRelease()}: serving on port 8080`);
endOnSignal(async () => {
  server.close();
  await pool.end();
});
