import { describe, expect, test } from 'vitest';
import { dockerVolume, loadProject, loadProjectOf, newVolumes } from './volumes.ts';

describe('a volume of a release', () => {
  test('lies where compose would put it, until it is switched', () => {
    expect(dockerVolume('jtel-demo-acme', 'database', undefined)).toBe('jtel-demo-acme_database');
    expect(dockerVolume('jtel-demo-acme', 'files', { database: 'jtel-demo-acme_database.ab12' })).toBe(
      'jtel-demo-acme_files',
    );
    expect(dockerVolume('jtel-demo-acme', 'database', { database: 'jtel-demo-acme_database.ab12' })).toBe(
      'jtel-demo-acme_database.ab12',
    );
  });

  test('gets a new name for each load, the same for each try of it', () => {
    const names = newVolumes('jtel-demo-acme', ['database', 'files'], '4a6e3f0c-1111-2222-3333-0123456789ab');
    expect(names).toEqual({
      database: 'jtel-demo-acme_database.33330123456789ab',
      files: 'jtel-demo-acme_files.33330123456789ab',
    });
    expect(dockerVolume('jtel-demo-acme', 'database', names)).toBe(names['database']);
    expect(loadProjectOf(names['database'] ?? '')).toBe(loadProject('4a6e3f0c-1111-2222-3333-0123456789ab'));
    expect(loadProjectOf('jtel-demo-acme_database')).toBeUndefined();
  });

  test('is never that of somebody else, whatever the host says', () => {
    for (const name of [
      'jtel-demo-other_database',
      '/etc',
      'jtel-demo-acme_files',
      'jtel-demo-acme_database.',
      'jtel-demo-acme_database.A/..',
      '',
    ]) {
      expect(() => dockerVolume('jtel-demo-acme', 'database', { database: name })).toThrow(RangeError);
    }
  });
});
