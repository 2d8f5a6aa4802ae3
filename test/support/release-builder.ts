/** Builders for tests of whatever has to do with releases: a small whole release that each test bends. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { Component, Release } from '../../release/generated/release.ts';
import { manifestPath, releaseFilePath } from '../../release/layout.ts';
import { manifestBytes, sha256 } from '../../release/manifest.ts';
import type { RenderInput, StackInput } from '../../release/stack-input.ts';

const perSize = { cpus: '1.0', memoryMiB: 256 };
const resources = {
  Small: perSize,
  Medium: { cpus: '2.0', memoryMiB: 512 },
  Large: { cpus: '4.0', memoryMiB: 1024 },
};

const digest = (character: string): string => `sha256:${character.repeat(64)}`;

export function aComponent(name: string, fields: Partial<Component> = {}): Component {
  return {
    name,
    image: { repository: `jtel/${name}`, tag: '3.43.2', digest: digest('a') },
    resources,
    ...fields,
  };
}

/** Database, task runner, two web servers, and a load balancer with a template. It is in published form. */
export function aRelease(fields: Partial<Release> = {}): Release {
  const host = { cores: 2, memoryMiB: 2048, diskGiB: 5 };
  return {
    formatVersion: 1,
    version: '3.43.2',
    updatableFrom: ['3.43.1'],
    registry: 'registry.jtel.example',
    database: { component: 'acd-dbm', schemas: ['jtel'], rootSecret: 'database-root-password' },
    fileTrees: [{ name: 'files', volume: 'files', uid: 1000, gid: 1000, excludes: ['recordings/**'] }],
    vanilla: [{ kind: 'Database', path: 'vanilla/database.sql.zst', bytes: 3, sha256: 'b'.repeat(64) }],
    templates: [{ path: 'config/haproxy.cfg.liquid', bytes: 3, sha256: 'c'.repeat(64) }],
    minimumHost: { Small: host, Medium: { ...host, cores: 8 }, Large: { ...host, cores: 16 } },
    secrets: [
      { name: 'database-root-password', kind: 'Generated', length: 32 },
      { name: 'tls', kind: 'TLS' },
    ],
    volumes: ['database', 'files'],
    ports: [{ group: 'web', protocol: 'tcp', from: 443, to: 443 }],
    components: [
      aComponent('acd-dbm', {
        volumes: [{ volume: 'database', target: '/var/lib/mysql' }],
        secrets: [{ name: 'database-root-password' }],
        health: { command: ['/usr/local/bin/healthy'] },
      }),
      aComponent('acd-dbs', { optional: true, dependsOn: [{ component: 'acd-dbm', condition: 'healthy' }] }),
      aComponent('acd-task-runner', {
        dependsOn: [{ component: 'acd-dbm', condition: 'healthy' }],
        volumes: [{ volume: 'files', target: '/srv/files' }],
        health: { command: ['/usr/local/bin/healthy'] },
      }),
      aComponent('acd-web', {
        replicas: { default: 2, minimum: 1, maximum: 8 },
        dependsOn: [{ component: 'acd-task-runner', condition: 'healthy' }],
        environment: [{ name: 'JTEL_FQDN', value: '{{ network.fqdn }}' }],
      }),
      aComponent('acd-haproxy', {
        files: [{ template: 'config/haproxy.cfg.liquid', target: '/etc/haproxy/haproxy.cfg' }],
        secrets: [{ name: 'tls' }],
        publish: ['443:443/tcp'],
      }),
    ],
    ...fields,
  };
}

/**
 * Those of {@link aRelease} with images of their own, so that an update makes their containers anew.
 * @param digit of which the images' digests consist
 */
export function componentsOf(version: string, digit: string): Component[] {
  return aRelease().components.map((component) => ({
    ...component,
    image: { ...component.image, tag: version, digest: digest(digit) },
  }));
}

/** Of {@link aRelease}, with files that a backup may hold. */
export const physicalDatabase: Release['database'] = {
  ...aRelease().database,
  physical: { volume: 'database', dataDirectory: '/var/lib/mysql/data', uid: 999, gid: 999 },
};

export function aStack(fields: Partial<StackInput> = {}): StackInput {
  return {
    namespace: 'customers',
    name: 'acme',
    size: 'Small',
    network: { fqdn: 'acme.jtel.example' },
    ...fields,
  };
}

export const haproxyTemplate = `{% for name in components['acd-web'].services %}server {{ name }} {{ name }}:8080
{% endfor %}`;

export function aRenderInput(fields: Partial<RenderInput> = {}): RenderInput {
  return {
    release: aRelease(),
    templates: new Map([['config/haproxy.cfg.liquid', haproxyTemplate]]),
    stack: aStack(),
    project: 'jtel-customers-acme',
    secrets: {
      release: new Map([
        ['database-root-password', 'root-password-1'],
        ['tls', 'PEM'],
      ]),
      environment: new Map(),
    },
    ...fields,
  };
}

const noAbort = new AbortController().signal;

/**
 * Puts a release with its templates where {@link ReleaseSource} finds it, with correct digests. Vanilla data
 * is left out.
 */
export async function storeRelease(
  store: BlobStore,
  release: Release = aRelease(),
  templates = new Map([['config/haproxy.cfg.liquid', haproxyTemplate]]),
): Promise<Buffer> {
  const files = [...templates].map(([path, text]) => ({
    path,
    bytes: Buffer.byteLength(text),
    sha256: sha256(text),
  }));
  const manifest = manifestBytes({ ...release, templates: files });
  for (const [path, text] of templates)
    await store.create(releaseFilePath(release.version, path), Buffer.from(text), 'text/plain', noAbort);
  await store.create(manifestPath(release.version), manifest, 'application/json', noAbort);
  return manifest;
}
