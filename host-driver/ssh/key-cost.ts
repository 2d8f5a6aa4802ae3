/**
 * What it costs to open an encrypted private key. OpenSSH's format says how often its passphrase is hashed,
 * whoever made the key decides that, and ssh2 does it in JavaScript: some 20 ms a round.
 * Form: openssh/PROTOCOL.key, a text with the lengths of its strings before them.
 */

/** ssh-keygen makes 24 rounds by default (`-a`). */
export const mostRounds = 64;

/** As wide as ssh2's own: what it skips must not hide a number from us. */
const armour = /-----BEGIN OPENSSH PRIVATE KEY-----([^]*)-----END/;
const magic = 'openssh-key-v1\0';

/**
 * @returns 0 for a key that is not encrypted or has another format: those cost nothing or are refused later.
 * Infinity if the number is not there.
 */
export function roundsOf(privateKey: string): number {
  const base64 = armour.exec(privateKey)?.[1] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  if (!bytes.subarray(0, magic.length).equals(Buffer.from(magic, 'latin1'))) return 0;
  const reader = new Reader(bytes.subarray(magic.length));
  reader.string(); // cipher
  if (reader.string().toString('latin1') !== 'bcrypt') return 0;
  const options = new Reader(reader.string());
  options.string(); // salt
  return options.number();
}

class Reader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  number(): number {
    const value = this.#rest.length < 4 ? Number.POSITIVE_INFINITY : this.#rest.readUInt32BE(0);
    this.#rest = this.#rest.subarray(4);
    return value;
  }

  string(): Buffer {
    const length = this.number();
    const value = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return value;
  }
}
