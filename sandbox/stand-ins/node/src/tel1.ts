/**
 * Stand-in for acd-tel1 (application server). It keeps a database connection, asks acd-fs1 by SIP OPTIONS,
 * and reports both at /api/info (port 8091). It is healthy if the database answers. The state of telephony is
 * reported but does not count: acd-fs1 uses the host's network, and a host's firewall may block the
 * containers from it. JTEL_SIP_HOST: where acd-fs1 answers; default: the host itself, which is this
 * container's default gateway.
 */
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { databasePool } from './lib/database.ts';
import { json, plain, serve } from './lib/http.ts';
import {
  dropPrivileges,
  endOnSignal,
  explain,
  numberSetting,
  ownRelease,
  say,
  secret,
} from './lib/service.ts';

interface SipState {
  readonly host: string;
  readonly reachable: boolean;
  readonly detail: string;
  readonly time: string;
}

/** Default gateway from the kernel's routing table (addresses there are little-endian hex). */
async function gateway(): Promise<string> {
  const lines = (await readFile('/proc/net/route', 'utf8')).split('\n').map((line) => line.split('\t'));
  const hex = lines.find(([, destination]) => destination === '00000000')?.[2];
  if (hex === undefined) throw new Error('no default route: set JTEL_SIP_HOST');
  return (hex.match(/../g) ?? [])
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

/** First line of the answer to one OPTIONS. @throws {Error} if none comes within two seconds. */
async function askOptions(host: string, port: number): Promise<string> {
  const socket = createSocket('udp4');
  const id = `tel1-${process.pid}-${Date.now()}`;
  const request = [
    `OPTIONS sip:acd-fs1@${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${hostname()};rport;branch=z9hG4bK${id}`,
    `From: <sip:acd-tel1@${hostname()}>;tag=${id}`,
    `To: <sip:acd-fs1@${host}>`,
    `Call-ID: ${id}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 1',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  try {
    return await new Promise<string>((resolve, reject) => {
      setTimeout(() => reject(new Error(`no answer from ${host}:${port} within 2 s`)), 2000).unref();
      socket.on('error', reject);
      socket.on('message', (data) => resolve(data.toString('utf8').split('\r\n')[0] ?? ''));
      socket.send(request, port, host);
    });
  } finally {
    socket.close();
  }
}

const password = secret('database-app-password');
dropPrivileges();
const pool = databasePool(password);
const sipPort = numberSetting('JTEL_SIP_PORT', 5060);
const sipHost = process.env['JTEL_SIP_HOST'] || (await gateway());
let sip: SipState = {
  host: sipHost,
  reachable: false,
  detail: 'not asked yet',
  time: new Date().toISOString(),
};

async function watchSip(): Promise<void> {
  const before = sip;
  try {
    const line = await askOptions(sipHost, sipPort);
    sip = {
      host: sipHost,
      reachable: line.startsWith('SIP/2.0 200'),
      detail: line,
      time: new Date().toISOString(),
    };
  } catch (error) {
    sip = { host: sipHost, reachable: false, detail: explain(error), time: new Date().toISOString() };
  }
  if (before.reachable !== sip.reachable || before.detail === 'not asked yet')
    say(`acd-fs1 at ${sipHost}: ${sip.detail}`);
}

async function users(): Promise<number> {
  const rows: readonly { count: number }[] = await pool.query('SELECT COUNT(*) AS count FROM jtel.users');
  return rows[0]?.count ?? 0;
}

void watchSip();
const timer = setInterval(() => void watchSip(), 5000);
const server = serve(8091, async (path) => {
  if (path === '/healthz') return plain(200, `ok: ${await users()} users`);
  if (path === '/api/info')
    return json(200, { release: ownRelease(), server: hostname(), users: await users(), sip });
  return plain(404, 'not found');
});
say(`release ${ownRelease()}: serving on port 8091`);
endOnSignal(async () => {
  clearInterval(timer);
  server.close();
  await pool.end();
});
