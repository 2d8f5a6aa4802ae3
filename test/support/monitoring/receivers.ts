/** Recipients of alerts: a mail server and a web server that keep what they receive. */
import { createServer as createWebServer } from 'node:http';
import { createServer as createMailServer, type AddressInfo, type Server } from 'node:net';

export interface Posted {
  readonly path: string;
  readonly body: string;
}

export interface Receivers extends AsyncDisposable {
  readonly webPort: number;
  readonly mailPort: number;
  readonly posted: readonly Posted[];
  /** Messages as they came, decoded from quoted-printable. */
  readonly mails: readonly string[];
}

export async function startReceivers(): Promise<Receivers> {
  const posted: Posted[] = [];
  const mails: string[] = [];
  const web = createWebServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.end('{}');
    });
  });
  const mail = mailServer((text) => mails.push(text));
  await Promise.all([listening(web), listening(mail)]);
  return {
    webPort: (web.address() as AddressInfo).port,
    mailPort: (mail.address() as AddressInfo).port,
    posted,
    mails,
    [Symbol.asyncDispose]: async () => {
      web.closeAllConnections();
      await Promise.all([closed(web), closed(mail)]);
    },
  };
}

/** The part of SMTP that it takes to accept a mail. */
function mailServer(receive: (text: string) => void): Server {
  return createMailServer((socket) => {
    let received = '';
    let isData = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString();
      for (;;) {
        const end = isData ? '\r\n.\r\n' : '\r\n';
        const index = received.indexOf(end);
        if (index < 0) return;
        const text = received.slice(0, index);
        received = received.slice(index + end.length);
        if (isData) {
          isData = false;
          receive(decode(text));
          socket.write('250 kept\r\n');
        } else if (/^QUIT/i.test(text)) socket.end('221 bye\r\n');
        else if (/^DATA/i.test(text)) {
          isData = true;
          socket.write('354 go on\r\n');
        } else socket.write('250 ok\r\n');
      }
    });
    socket.write('220 receiver ESMTP\r\n');
  });
}

function decode(mail: string): string {
  return mail
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
