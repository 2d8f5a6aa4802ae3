/**
 * An image of the machine's engine as an OCI archive, which every registry tool reads. What depends on the
 * time and the machine of the build is left out, so two builds of one commit on one base image give the same
 * digest.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Docker } from '../../kit/docker.ts';
import { run } from '../../kit/process.ts';
import { storeLayer, storeSteadyLayer, type Blob, type Layer } from './oci-layer.ts';

/** What `docker save` writes. */
interface SavedImage {
  readonly Config: string;
  readonly Layers: readonly string[];
}

interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly created: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly history?: readonly { readonly created?: string; readonly [field: string]: unknown }[];
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

export interface OCIImage {
  readonly image: string;
  readonly base: string;
  /** Becomes the tag in the archive. */
  readonly version: string;
  readonly epoch: number;
  /** A directory to work in, with room for the image twice. */
  readonly work: string;
}

/** Fields of a container's configuration that say how it runs, and not where it was built. */
const kept = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
];

/** @returns the digest by which a registry will know the image */
export async function writeOCIArchive(docker: Docker, options: OCIImage, file: string): Promise<string> {
  const { image, base, version, epoch, work } = options;
  const [saved, layout] = [await mkdtemp(join(work, 'saved-')), await mkdtemp(join(work, 'layout-'))];
  try {
    const blobs = join(layout, 'blobs/sha256');
    await mkdir(blobs, { recursive: true });
    const tar = join(saved, 'image.tar');
    await docker.run(['save', '--output', tar, image]);
    await run(['tar', '-xf', tar, '-C', saved]);
    await rm(tar);
    const [found] = JSON.parse(await readFile(join(saved, 'manifest.json'), 'utf8')) as SavedImage[];
    if (found === undefined) throw new Error(`docker save wrote no image for ${image}`);
    const config = JSON.parse(await readFile(join(saved, found.Config), 'utf8')) as ImageConfig;
    const below = await inspectBase(docker, base);
    const layers: Layer[] = [];
    for (const [index, layer] of found.Layers.entries()) {
      const path = join(saved, layer);
      const ofBase = below.layers[index] === config.rootfs.diff_ids[index];
      layers.push(await (ofBase ? storeLayer(path, blobs) : storeSteadyLayer(path, blobs, epoch)));
    }
    const described = steadyConfig(config, layers, below.historyLength, epoch);
    const digest = await writeIndex(layout, described, layers, version);
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await packDirectory(layout, file, epoch);
    return digest;
  } finally {
    await Promise.all([saved, layout].map((path) => rm(path, { recursive: true, force: true })));
  }
}

async function inspectBase(
  docker: Docker,
  base: string,
): Promise<{ readonly layers: readonly string[]; readonly historyLength: number }> {
  const layers = JSON.parse(
    await docker.run(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', base]),
  ) as string[];
  const history = await docker.run(['history', '--quiet', '--no-trunc', base]);
  return { layers, historyLength: history.split('\n').length };
}

export function steadyConfig(
  image: ImageConfig,
  layers: readonly Layer[],
  historyOfBase: number,
  epoch: number,
): object {
  const created = new Date(epoch * 1000).toISOString();
  const { architecture, os, variant } = image;
  const config = Object.fromEntries(
    kept.flatMap((field) => {
      const value = image.config[field];
      return value === undefined || value === null ? [] : [[field, value]];
    }),
  );
  return {
    created,
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffID }) => diffID) },
    history: (image.history ?? []).map((step, index) =>
      index < historyOfBase ? step : { ...step, created },
    ),
  };
}

async function writeIndex(
  layout: string,
  config: object,
  layers: readonly Layer[],
  version: string,
): Promise<string> {
  const oci = 'application/vnd.oci.image';
  const layerType = `${oci}.layer.v1.tar+gzip`;
  const manifestType = `${oci}.manifest.v1+json`;
  const manifest = await storeJSON(layout, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: `${oci}.config.v1+json`, ...(await storeJSON(layout, config)) },
    layers: layers.map(({ digest, size }) => ({ mediaType: layerType, digest, size })),
  });
  const annotations = { 'org.opencontainers.image.ref.name': version };
  const index = {
    schemaVersion: 2,
    mediaType: `${oci}.index.v1+json`,
    manifests: [{ mediaType: manifestType, ...manifest, annotations }],
  };
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  return manifest.digest;
}

async function storeJSON(layout: string, value: object): Promise<Blob> {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(layout, 'blobs/sha256', hex), bytes);
  return { digest: `sha256:${hex}`, size: bytes.length };
}

/** The files of a directory in the order of their names, with nothing of this machine. */
async function packDirectory(directory: string, file: string, epoch: number): Promise<void> {
  const output = pack();
  const written = pipeline(output, createWriteStream(file));
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.toSorted()) {
    const { size } = await stat(path);
    const name = path.slice(directory.length + 1);
    await new Promise<void>((resolve, reject) => {
      const header = { name, size, mode: 0o644, mtime: new Date(epoch * 1000) };
      createReadStream(path)
        .on('error', reject)
        .pipe(output.entry(header, (error) => (error ? reject(error) : resolve())));
    });
  }
  output.finalize();
  await written;
}
