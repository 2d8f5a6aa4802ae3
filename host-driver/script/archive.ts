/**
 * Packs a release into one tar stream. The names are ours, and contents are checked against them before
 * anything is sent.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { pack } from 'tar-stream';
import type { RenderedRelease } from '../host.ts';
import { InvalidValue, valid } from '../values.ts';

/** @throws InvalidValue when a file's content does not match its sha256, or that is not its name and it is no secret. */
export async function releaseArchive(release: RenderedRelease): Promise<Buffer> {
  valid('releaseDigest', release.digest);
  const images = release.images.map(
    (image) => `${valid('repository', image.repository)}@${valid('imageDigest', image.digest)}`,
  );
  const archive = pack();
  archive.entry({ name: 'files/', type: 'directory', mode: 0o755 });
  const files = new Map(release.files.map((one) => [valid('sha256', one.name), one]));
  for (const [name, file] of files) {
    const content = Buffer.from(file.content);
    const isSecret = release.files.some((one) => one.name === name && one.mode === 0o600);
    const digest = createHash('sha256').update(content).digest('hex');
    if (digest !== file.sha256 || (name !== digest && !isSecret))
      throw new InvalidValue(`file ${name} has another content than its name says`);
    // The same content may be secret in one place and not in another. The stricter mode wins.
    archive.entry({ name: `files/${name}`, mode: isSecret ? 0o600 : 0o644 }, content);
  }
  archive.entry({ name: 'files.list', mode: 0o644 }, listFile([...files.keys()]));
  // Only root may read it, who may read the secrets, too.
  const keyed = [...files.values()].filter(({ name, sha256 }) => name !== sha256);
  archive.entry(
    { name: 'files.sum', mode: 0o600 },
    listFile(keyed.map(({ name, sha256 }) => `${sha256} ${name}`)),
  );
  archive.entry({ name: 'images.list', mode: 0o644 }, listFile(images));
  archive.entry({ name: 'starts.list', mode: 0o644 }, listFile(startLines(release)));
  // They may hold passwords in the services' environment.
  const texts: readonly (readonly [string, () => string])[] = [
    ['create.yaml', () => release.start.createYaml],
    ['create-old-docker.yaml', () => release.start.createYamlForOldDocker],
    ['compose.yaml', () => release.composeYaml],
  ];
  for (const [name, text] of texts) {
    // Each is written when it is asked for, which takes long; others have a turn of the event loop in between.
    await setImmediate();
    archive.entry({ name, mode: 0o600 }, text());
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * In the form that script/host-start.sh reads: "SERVICE - -" for each service in start order, "SERVICE NEED
 * CONDITION" for each edge.
 */
export function startLines({
  services,
  start,
}: Pick<RenderedRelease, 'services' | 'start'>): readonly string[] {
  return [
    ...services.map((service) => `${valid('service', service)} - -`),
    ...start.edges.map(
      ({ service, need, condition }) =>
        `${valid('service', service)} ${valid('service', need)} ${valid('startCondition', condition)}`,
    ),
  ];
}

export function listFile(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
