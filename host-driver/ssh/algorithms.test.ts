import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { connect, openTCP } from './connect.ts';

/** The lists of names in SSH_MSG_KEXINIT (RFC 4253, 7.1). */
const lists = [
  'kex',
  'hostKey',
  'cipherOut',
  'cipherIn',
  'macOut',
  'macIn',
  'compressionOut',
  'compressionIn',
] as const;

type Offer = Record<(typeof lists)[number], readonly string[]>;

/** What we offer to a server, as it stands in our first packet. */
async function offered(): Promise<Offer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const packet = new Promise<Buffer>((resolve) =>
    server.on('connection', (socket) => {
      let all = Buffer.alloc(0);
      socket.write('SSH-2.0-Test\r\n');
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        all = Buffer.concat([all, chunk]);
        const start = all.indexOf('\r\n') + 2;
        if (start < 2 || all.length < start + 4) return;
        const length = all.readUInt32BE(start);
        if (all.length < start + 4 + length) return;
        resolve(all.subarray(start + 5, start + 4 + length));
        socket.destroy();
      });
    }),
  );
  const { port } = server.address() as AddressInfo;
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const endpoint = { address: '127.0.0.1', port, user: 'jtel', hostKeyFingerprints: [], privateKey };
  const connecting = connect(endpoint, new AbortController().signal, () =>
    openTCP(endpoint, undefined),
  ).catch(() => undefined);
  const payload = await packet;
  await connecting;
  server.close();
  let at = 17;
  const read = (): readonly string[] => {
    const length = payload.readUInt32BE(at);
    const text = payload.toString('latin1', at + 4, at + 4 + length);
    at += 4 + length;
    return text.split(',');
  };
  return Object.fromEntries(lists.map((name) => [name, read()])) as Offer;
}

it('a server is offered nothing with SHA-1, CBC or compression', async () => {
  const offer = await offered();
  const all = Object.values(offer).flat();
  expect(all.filter((name) => /sha1|md5|cbc|ssh-rsa|ssh-dss|arcfour|-96/.test(name))).toEqual([]);
  expect(offer.compressionOut).toEqual(['none']);
  expect(offer.compressionIn).toEqual(['none']);
  // Without this, an attacker can remove packets where ChaCha20 is used (CVE-2023-48795).
  expect(offer.kex).toContain('kex-strict-c-v00@openssh.com');
});

/** Defaults of sshd, and the lists of usual hardening guides. */
it.each([
  [
    'Debian 12',
    {
      kex: ['sntrup761x25519-sha512@openssh.com', 'curve25519-sha256'],
      cipherOut: ['chacha20-poly1305@openssh.com', 'aes128-ctr'],
      macOut: ['umac-128-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com'],
      hostKey: ['rsa-sha2-512', 'ecdsa-sha2-nistp256', 'ssh-ed25519'],
    },
  ],
  [
    'a hardened one for AES in counter mode only',
    {
      kex: ['diffie-hellman-group16-sha512'],
      cipherOut: ['aes256-ctr'],
      macOut: ['hmac-sha2-512-etm@openssh.com'],
      hostKey: ['ssh-ed25519'],
    },
  ],
  [
    'one with NIST curves only',
    {
      kex: ['ecdh-sha2-nistp384'],
      cipherOut: ['aes256-gcm@openssh.com'],
      macOut: ['hmac-sha2-256'],
      hostKey: ['ecdsa-sha2-nistp384'],
    },
  ],
])('%s finds something in each list', async (_, theirs) => {
  const offer = await offered();
  for (const [name, list] of Object.entries(theirs))
    expect(offer[name as keyof Offer].filter((one) => list.includes(one))).not.toEqual([]);
});
