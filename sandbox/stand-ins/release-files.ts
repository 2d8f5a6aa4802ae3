/**
 * The files of a release, made here instead of kept as binaries: the vanilla file tree, and the files that
 * the task runner places in an update. The same release gives the same bytes.
 */

/** A tone as a WAV file: 8 kHz, 8 bit, mono. */
function tone(frequencyHertz: number, seconds: number): Buffer {
  const rate = 8000;
  const samples = Buffer.alloc(Math.round(rate * seconds));
  for (let index = 0; index < samples.length; index++) {
    samples[index] = 128 + Math.round(60 * Math.sin((2 * Math.PI * frequencyHertz * index) / rate));
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

function logo(colour: string): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="${colour}"/>` +
      '<path d="M18 26a14 14 0 0 1 28 0v10M18 26v8a5 5 0 0 0 5 5h2V26h-7m28 0h-7v13h2a5 5 0 0 0 5-5m-3 6q-3 6-11 6" fill="none" ' +
      'stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>\n',
  );
}

const reports =
  'SELECT day, SUM(offered) AS offered, SUM(answered) AS answered FROM jtelstats.calls_per_day GROUP BY day;\n';

/** Content by path below the tree's root. @throws {Error} for an unknown release. */
export function releaseFiles(release: string): ReadonlyMap<string, Buffer> {
  const first = new Map<string, Buffer>([
    ['VERSION', Buffer.from(`${release}\n`)],
    ['announcements/goodbye.wav', tone(440, 0.5)],
    ['announcements/welcome.wav', tone(660, 0.5)],
    ['reports/calls-per-day.sql', Buffer.from(reports)],
    ['skins/default/logo.svg', logo('#0a6ebd')],
    ['skins/default/welcome.txt', Buffer.from(`Welcome to the file tree of release ${release}\n`)],
  ]);
  switch (release) {
    case '3.43.1':
      return first;
    case '3.43.2':
      return new Map([
        ...first,
        ['announcements/callback.wav', tone(550, 0.5)],
        ['skins/default/logo.svg', logo('#7a2ea0')],
      ]);
    case '4.0.0':
      return new Map([
        ...first,
        ['announcements/callback.wav', tone(550, 0.5)],
        ['skins/default/logo.svg', logo('#1d8a4e')],
      ]);
    default:
      throw new Error(
        `there are no files for release ${release}: add them to sandbox/stand-ins/release-files.ts`,
      );
  }
}
