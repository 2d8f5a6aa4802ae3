import { describe, expect, it } from 'vitest';
import { loginsFor } from './registry-login.ts';

const image = 'registry.example:5000/jtel/acd-web';
const keysFor = (keys: readonly string[], repository: string): readonly string[] =>
  loginsFor(
    keys.map((registry) => ({ registry })),
    repository,
  ).map(({ registry }) => registry);

describe('a login holds for an image', () => {
  it.each([
    'registry.example:5000',
    'registry.example:5000/',
    'https://registry.example:5000',
    'http://registry.example:5000',
    'https://registry.example:5000/v2/',
    'https://registry.example:5000/v1/',
    'https://registry.example:5000/v2/jtel',
    'registry.example:5000/jtel',
    'registry.example:5000/jtel/acd-web',
    // The kubelet compares text, not parts of the path.
    'registry.example:5000/jt',
    '*.example:5000',
    'reg*ry.example:5000',
    '*e*i*s*.example:5000/jtel',
    'registr?.ex[a-c]mple:5000',
    'registr[^a-c].example:5000',
    'registr\\y.example:5000',
  ])('with the key %j', (key) => {
    expect(keysFor([key], image)).toEqual([key]);
  });

  it.each([
    'registry.example',
    'registry.example:5001',
    'example:5000',
    '*:5000',
    '*.registry.example:5000',
    'registry.example:*',
    'registry.example:5000/other',
    'registry.example:5000/v3/',
    'registr[a-c].example:5000',
    'registr[y.example:5000',
    'registry?.example:5000',
    'index.docker.io',
    '',
  ])('but not with the key %j', (key) => {
    expect(keysFor([key], image)).toEqual([]);
  });

  it('and the most specific key comes first', () => {
    const keys = [
      '*.example:5000',
      'registry.example:5000',
      'https://registry.example:5000/v2/',
      'registry.example:5000/jtel',
    ];
    expect(keysFor(keys, image)).toEqual([
      'registry.example:5000/jtel',
      'registry.example:5000',
      'https://registry.example:5000/v2/',
      '*.example:5000',
    ]);
  });
});

describe('Docker Hub', () => {
  it.each(['docker.io/jtel/acd-web', 'index.docker.io/jtel/acd-web', 'jtel/acd-web', 'acd-web'])(
    'is meant by %s',
    (repository) => {
      expect(keysFor(['https://index.docker.io/v1/'], repository)).toEqual(['https://index.docker.io/v1/']);
    },
  );

  it('has logins of its own name, too', () => {
    expect(keysFor(['https://index.docker.io/v1/', 'docker.io'], 'docker.io/jtel/acd-web')).toEqual([
      'docker.io',
    ]);
  });
});

it('a key of many wildcards is decided at once', () => {
  const key = `${'*a'.repeat(200)}b.example`;
  expect(keysFor([key], `${'a'.repeat(500)}.example/x`)).toEqual([]);
});
