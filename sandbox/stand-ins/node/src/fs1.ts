/**
 * Stand-in for acd-fs1 (FreeSWITCH): a SIP responder on UDP and TCP. It answers OPTIONS with 200, and asks
 * once for credentials on REGISTER (it checks no passwords: there are no accounts). Calls are busy, except to
 * `echo`, which answers without media. JTEL_SIP_PORT: default 5060.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { dropPrivileges, endOnSignal, numberSetting, ownRelease, say } from './lib/service.ts';
import { headerValues, parseSip, sipAnswer, takeMessages } from './lib/sip.ts';
import type { SipMessage } from './lib/sip.ts';

const nonceSeconds = 300;
const key = randomBytes(32);
const agent = `jtel-stand-in-fs1/${ownRelease()}`;
const methods = 'OPTIONS, REGISTER, INVITE, ACK, BYE, CANCEL';

/** Nonces carry their own time and seal, so nothing about a client is kept. */
function makeNonce(seconds: number): string {
  const time = seconds.toString(36);
  return `${time}.${createHmac('sha256', key).update(time).digest('hex')}`;
}

function nonceHolds(nonce: string, seconds: number): boolean {
  const issued = Number.parseInt(nonce.split('.')[0] ?? '', 36);
  if (!(seconds - issued <= nonceSeconds)) return false;
  const expected = Buffer.from(makeNonce(issued));
  const given = Buffer.from(nonce);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** @returns undefined for messages that get no answer (ACK, responses). */
function answer(request: SipMessage, peer: { address: string; port: number }): string | undefined {
  const method = request.startLine.split(' ')[0];
  const here = { ...peer, tag: randomBytes(6).toString('hex') };
  const server = ['Server', agent] as const;
  const now = Math.floor(Date.now() / 1000);
  switch (method) {
    case 'OPTIONS':
      return sipAnswer(request, '200 OK', here, [['Allow', methods], ['Accept', 'application/sdp'], server]);
    case 'REGISTER': {
      const nonce = /nonce="([^"]*)"/.exec(headerValues(request, 'authorization')[0] ?? '')?.[1];
      if (nonce !== undefined && nonceHolds(nonce, now)) {
        const contacts = headerValues(request, 'contact').map((contact) => ['Contact', contact] as const);
        return sipAnswer(request, '200 OK', here, [...contacts, ['Expires', '3600'], server]);
      }
      const challenge = `Digest realm="jtel", nonce="${makeNonce(now)}", algorithm=MD5, qop="auth"`;
      return sipAnswer(request, '401 Unauthorized', here, [['WWW-Authenticate', challenge], server]);
    }
    case 'INVITE':
      return /^INVITE sips?:echo@/.test(request.startLine)
        ? sipAnswer(request, '200 OK', here, [['Contact', `<sip:echo@${peer.address}>`], server])
        : sipAnswer(request, '486 Busy Here', here, [server]);
    case 'BYE':
    case 'CANCEL':
      return sipAnswer(request, '200 OK', here, [server]);
    case 'ACK':
      return undefined;
    default:
      return request.startLine.startsWith('SIP/2.0')
        ? undefined
        : sipAnswer(request, '405 Method Not Allowed', here, [['Allow', methods], server]);
  }
}

dropPrivileges();
const port = numberSetting('JTEL_SIP_PORT', 5060);
const fail = (error: Error): void => {
  say(`error: cannot answer SIP on port ${port}: ${error.message}`);
  process.exit(1);
};

const udp = createSocket('udp4');
udp.on('error', fail);
udp.on('message', (data, peer) => {
  const request = parseSip(data.toString('utf8'));
  const reply = request && answer(request, peer);
  if (reply !== undefined) udp.send(reply, peer.port, peer.address);
});
udp.bind(port);

const tcp = createServer((socket) => {
  let waiting = Buffer.alloc(0);
  const peer = { address: socket.remoteAddress?.replace(/^::ffff:/, '') ?? '', port: socket.remotePort ?? 0 };
  socket.setTimeout(120_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (data: Buffer) => {
    try {
      const { messages, rest } = takeMessages(Buffer.concat([waiting, data]));
      waiting = Buffer.from(rest);
      for (const message of messages) {
        const request = parseSip(message);
        const reply = request && answer(request, peer);
        if (reply !== undefined) socket.write(reply);
      }
    } catch {
      socket.destroy();
    }
  });
});
tcp.on('error', fail);
tcp.listen(port, () => say(`release ${ownRelease()}: answering SIP on UDP and TCP port ${port}`));
endOnSignal(() => {
  udp.close();
  tcp.close();
});
