/**
 * As much of SIP (RFC 3261) as a responder needs: it reads requests from datagrams and streams, and makes
 * answers.
 */

export interface SipMessage {
  /** First line without its end. */
  readonly startLine: string;
  /** In order, names as received. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
}

/** Compact forms of header names (RFC 3261, 7.3.3) that matter here. */
const compact: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  l: 'content-length',
  m: 'contact',
};

/** Largest message that a stream may carry, in bytes. */
export const maximumMessageBytes = 65_536;

function canonical(name: string): string {
  const lower = name.toLowerCase();
  return compact[lower] ?? lower;
}

/** All values of a header, in order. */
export function headerValues(message: SipMessage, name: string): readonly string[] {
  return message.headers
    .filter((header) => canonical(header.name) === name.toLowerCase())
    .map((header) => header.value);
}

/** @returns undefined for anything that is not a SIP message (keep-alives, noise). */
export function parseSip(text: string): SipMessage | undefined {
  const end = text.indexOf('\r\n\r\n');
  const head = end === -1 ? text : text.slice(0, end);
  const [startLine = '', ...lines] = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  if (!/^([A-Z]+ \S+ SIP\/2\.0|SIP\/2\.0 \d{3} .*)$/.test(startLine)) return undefined;
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [{ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }];
  });
  return { startLine, headers, body: end === -1 ? '' : text.slice(end + 4) };
}

/** Takes complete messages off the front of a stream's buffer. @throws {Error} if it cannot be SIP. */
export function takeMessages(buffer: Buffer): {
  readonly messages: readonly string[];
  readonly rest: Buffer;
} {
  const messages: string[] = [];
  let rest = buffer;
  for (;;) {
    // Keep-alives between messages are empty lines (RFC 5626, 3.5.1).
    while (rest.subarray(0, 2).toString('latin1') === '\r\n') rest = rest.subarray(2);
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) {
      if (rest.length > maximumMessageBytes) throw new Error('no end of the headers in 64 KiB');
      return { messages, rest };
    }
    const head = rest.subarray(0, end).toString('utf8');
    const bodyBytes = Number(/^(?:content-length|l)[ \t]*:[ \t]*(\d+)[ \t]*$/im.exec(head)?.[1] ?? 0);
    const total = end + 4 + bodyBytes;
    if (total > maximumMessageBytes) throw new Error('message longer than 64 KiB');
    if (rest.length < total) return { messages, rest };
    messages.push(rest.subarray(0, total).toString('utf8'));
    rest = rest.subarray(total);
  }
}

/** An answer according to RFC 3261, 8.2.6: Via, From, To (with a tag), Call-ID and CSeq of the request. */
export function sipAnswer(
  request: SipMessage,
  status: string,
  peer: { readonly address: string; readonly port: number; readonly tag: string },
  extra: readonly (readonly [string, string])[] = [],
): string {
  const lines = [`SIP/2.0 ${status}`];
  headerValues(request, 'via').forEach((via, index) => {
    // Tells the sender its visible address (RFC 3581).
    const seen =
      index === 0 ? via.replace(/;rport(?=;|$)/, `;rport=${peer.port};received=${peer.address}`) : via;
    lines.push(`Via: ${seen}`);
  });
  for (const name of ['From', 'To', 'Call-ID', 'CSeq']) {
    const value = headerValues(request, name)[0] ?? '';
    lines.push(`${name}: ${name === 'To' && !/;tag=/.test(value) ? `${value};tag=${peer.tag}` : value}`);
  }
  for (const [name, value] of extra) lines.push(`${name}: ${value}`);
  return [...lines, 'Content-Length: 0', '', ''].join('\r\n');
}
