import { describe, expect, test } from 'vitest';
import { headerValues, parseSip, sipAnswer, takeMessages } from './sip.ts';

const options = [
  'OPTIONS sip:acd-fs1@192.0.2.1 SIP/2.0',
  'Via: SIP/2.0/UDP 198.51.100.7;rport;branch=z9hG4bKabc',
  'v: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKdef',
  'f: <sip:peer@example.org>;tag=1',
  'To: <sip:acd-fs1@192.0.2.1>',
  'Call-ID: x',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

test('a request is read with its compact headers', () => {
  const request = parseSip(options);
  expect(request && headerValues(request, 'via')).toEqual([
    'SIP/2.0/UDP 198.51.100.7;rport;branch=z9hG4bKabc',
    'SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKdef',
  ]);
});

test.each(['', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'hello'])('%j is no SIP message', (text) => {
  expect(parseSip(text)).toBeUndefined();
});

test('an answer goes back the way the request came and says from where it was seen', () => {
  const request = parseSip(options);
  const answer =
    request &&
    sipAnswer(request, '200 OK', { address: '198.51.100.8', port: 5062, tag: 'mine' }, [
      ['Allow', 'OPTIONS'],
    ]);
  expect(answer?.split('\r\n')).toEqual([
    'SIP/2.0 200 OK',
    'Via: SIP/2.0/UDP 198.51.100.7;rport=5062;received=198.51.100.8;branch=z9hG4bKabc',
    'Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKdef',
    'From: <sip:peer@example.org>;tag=1',
    'To: <sip:acd-fs1@192.0.2.1>;tag=mine',
    'Call-ID: x',
    'CSeq: 1 OPTIONS',
    'Allow: OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ]);
});

describe('messages on a stream', () => {
  const withBody = options.replace('Content-Length: 0', 'Content-Length: 4').concat('v=0\n');

  test('come whole, in pieces, or several at once, with keep-alives between', () => {
    const bytes = Buffer.from(`\r\n\r\n${withBody}\r\n\r\n${options}`);
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const first = takeMessages(bytes.subarray(0, cut));
      const second = takeMessages(Buffer.concat([first.rest, bytes.subarray(cut)]));
      expect([...first.messages, ...second.messages]).toEqual([withBody, options]);
    }
  });

  test.each([
    ['headers that never end', Buffer.alloc(70_000, 'x')],
    ['a body that is too long', Buffer.from(options.replace('Content-Length: 0', 'Content-Length: 9999999'))],
  ])('%s are given up', (_what, bytes) => {
    expect(() => takeMessages(bytes)).toThrow(/64 KiB/);
  });
});
