import { describe, expect, it } from 'vitest';
import { socketsOf } from './used-ports.ts';

describe('sockets of a host', () => {
  it('are those of all families, each once', () =>
    expect(
      socketsOf('tcp 00000000:01BB\ntcp 00000000000000000000000000000000:01BB\nudp 0100007F:0035\n'),
    ).toEqual([
      { protocol: 'tcp', port: 443 },
      { protocol: 'udp', port: 53 },
    ]));
  it.each([
    '',
    'tcp 00000000:1BB',
    'tcp x:01BB',
    'sctp 00000000:01BB',
    `tcp ${'0'.repeat(100)}:01BB`,
    '\u001b[2J',
  ])('are none in %.30j', (line) => expect(socketsOf(`${line}\n`)).toEqual([]));
});
