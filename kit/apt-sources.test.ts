import { describe, expect, it } from 'vitest';
import { chooseMirrors, keptConfiguration, parseDeb822, parseSourcesList } from './apt-sources.ts';

describe('the apt sources of the machine', () => {
  it('are read from deb822 files, whose comments name other mirrors', () => {
    const sources = parseDeb822(
      [
        'Types: deb deb-src',
        '# http://snapshot.example/archive/debian/20250520T000000Z',
        'URIs: http://mirror.example/debian',
        'Suites: bookworm bookworm-updates',
        'Components: main',
        ' contrib',
        '',
        'Types: deb',
        'URIs: http://off.example/debian',
        'Suites: bookworm',
        'Components: main',
        'Enabled: no',
      ].join('\n'),
    );
    expect(sources).toEqual([
      { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main', 'contrib'] },
      { uri: 'http://mirror.example/debian', suite: 'bookworm-updates', components: ['main', 'contrib'] },
    ]);
  });

  it('are read from one-line files, with options and comments', () => {
    const text = [
      '# deb http://comment.example/debian trixie main',
      'deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://mirror.example/debian trixie main contrib # ours',
      'deb-src https://mirror.example/debian trixie main',
      'deb cdrom:[Debian]/ trixie main',
    ].join('\n');
    expect(parseSourcesList(text)[0]).toEqual({
      uri: 'https://mirror.example/debian',
      suite: 'trixie',
      components: ['main', 'contrib'],
    });
    expect(chooseMirrors(parseSourcesList(text), 'trixie').mirror).toBe('https://mirror.example/debian');
  });

  it('give the mirror of the release and the one of its security updates, not a third party', () => {
    const sources = [
      { uri: 'https://packages.example/tool', suite: 'tool-bookworm', components: ['main'] },
      { uri: 'http://mirror.example/debian-security', suite: 'bookworm-security', components: ['main'] },
      { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main'] },
    ];
    expect(chooseMirrors(sources, 'bookworm')).toEqual({
      mirror: 'http://mirror.example/debian',
      securityMirror: 'http://mirror.example/debian-security',
    });
  });

  it('say what to do when the machine has none', () => {
    expect(() => chooseMirrors([], 'bookworm')).toThrow(/No apt source for Debian "bookworm".*add one/);
  });

  it('keep the settings that are needed to reach the mirror, and no others', () => {
    const dump = [
      'APT::Architecture "amd64";',
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::Proxy::mirror.example "DIRECT";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::http::Proxy "";',
      'DPkg::Post-Invoke:: "rm -f /x";',
    ].join('\n');
    expect(keptConfiguration(dump)).toBe(
      'Acquire::http::Proxy "http://proxy.example:3128";\nAcquire::https::Proxy::mirror.example "DIRECT";\nAcquire::Check-Valid-Until "false";\n',
    );
  });
});
