import { describe, expect, it } from 'vitest';
import { digestOf, parseDeployedFiles } from './deployed-files.ts';

const name = 'a'.repeat(64);
const line = (file: string, content: string | Buffer): string =>
  `${file} ${Buffer.from(content).toString('base64')}\n`;
const compose = line('compose.yaml', 'services: {}\n');

describe('what a host says of its deployed files', () => {
  it('is nothing, or a compose file and secrets by name', () => {
    expect(parseDeployedFiles('h', '')).toBeUndefined();
    expect(parseDeployedFiles('h', compose + line(name, 'pässword'))).toEqual({
      composeYaml: 'services: {}\n',
      secrets: new Map([[name, 'pässword']]),
      digests: new Map([[name, digestOf('pässword')]]),
    });
    const [long, digest] = ['b'.repeat(64), 'c'.repeat(64)];
    expect(parseDeployedFiles('h', `${compose}${line(name, 'x')}${long} :${digest}\n`)).toMatchObject({
      secrets: new Map([[name, 'x']]),
      digests: new Map([
        [name, digestOf('x')],
        [long, digest],
      ]),
    });
    expect(digestOf('')).toMatch(/^e3b0c442/);
  });

  it.each([
    ['no compose file', line(name, 'x')],
    ['a file of another name', compose + line('../../etc/shadow', 'x')],
    ['a file that is too long', compose + line(name, 'x'.repeat(8193))],
    ['a compose file that is too long', line('compose.yaml', 'x'.repeat(2 ** 20 + 1))],
    ['an empty file', `${compose}${name} \n`],
    ['no base64', `${compose}${name} p@ss\n`],
    ['no text', compose + line(name, Buffer.from([0xff, 0xfe]))],
    ['a file twice', compose + line(name, 'x') + line(name, 'y')],
    [
      'too many',
      compose + Array.from({ length: 1001 }, (_, i) => line(i.toString(16).padStart(64, '0'), 'x')).join(''),
    ],
  ])('is refused as %s, without a word of it', (_, said) => {
    expect(() => parseDeployedFiles('h', said)).toThrow(
      expect.objectContaining({ reason: 'HostStateInvalid', message: expect.not.stringContaining('shadow') }),
    );
  });
});
