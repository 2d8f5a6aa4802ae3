/**
 * `jtel-operator release …`: commands of the vendor's build process, which publish releases and look after
 * them. Each command loads its own work, so the operator does not carry it.
 */
import { Command, Option } from 'commander';
import { formatBytes } from '../../../base/bytes.ts';
import { UsageError, type Terminal } from '../../../command-line/terminal.ts';
import type { RegistryOptions, StoreOptions } from './options.ts';
import type { PublishResult } from './publish.ts';
import { optional } from '../../../base/optional.ts';

interface OutputOptions {
  readonly output: 'text' | 'json';
}

interface PublishOptions extends StoreOptions, RegistryOptions, OutputOptions {
  readonly registry?: string;
  readonly signingKeyFile?: string;
  readonly dryRun?: boolean;
}

interface VerifyOptions extends StoreOptions, OutputOptions {
  readonly publicKeyFile?: string;
}

export function releaseCommand(terminal: Terminal): Command {
  const release = new Command('release').description(
    'publish releases to a vendor store, list and verify them',
  );
  release.addCommand(publishCommand(terminal));
  release.addCommand(verifyCommand(terminal));
  release.addCommand(listCommand(terminal));
  return release;
}

function withStore(command: Command): Command {
  return command
    .requiredOption(
      '--endpoint <url>',
      'blob service of the storage account: https://<account>.blob.core.windows.net',
    )
    .requiredOption('--container <name>', 'container in that account')
    .option('--prefix <prefix>', 'path inside the container')
    .requiredOption(
      '--credentials-file <file>',
      'YAML or JSON with accountName and accountKey (outside Azure with endpoint), or sasToken and endpoint, or connectionString',
    )
    .addOption(
      new Option('-o, --output <form>', 'format of the result').choices(['text', 'json']).default('text'),
    );
}

function publishCommand(terminal: Terminal): Command {
  return withStore(new Command('publish'))
    .description(
      'check the release in DIR, resolve its images to digests, upload it; the manifest comes last',
    )
    .argument('<DIR>', 'directory with release.yaml and the files that it names')
    .option('--registry <host>', 'registry (host[:port]) that hosts pull from, instead of the manifest’s')
    .option('--registry-endpoint <url>', 'where this machine reaches that registry, if not at https://<host>')
    .option('--insecure-registry', 'reach the registry over http')
    .option('--registry-user <name>', 'user at the registry')
    .option('--registry-password-file <file>', 'file with the user’s password')
    .option('--signing-key-file <file>', 'PEM of an ed25519 private key to sign the manifest with')
    .option('--dry-run', 'do everything except uploading')
    .action(async (directory: string, options: PublishOptions) => {
      if (options.registry !== undefined && !/^[a-z0-9][a-z0-9.-]*(:\d{1,5})?$/.test(options.registry))
        throw new UsageError('--registry must be host[:port]');
      const { openStore, readSigningKey, registryOpener } = await import('./options.ts');
      const { publishRelease } = await import('./publish.ts');
      const result = await publishRelease(
        {
          directory,
          store: await openStore(options, terminal),
          openRegistry: await registryOpener(options, terminal),
          dryRun: options.dryRun === true,
          ...optional({ registry: options.registry }),
          ...(options.signingKeyFile === undefined
            ? {}
            : { signingKey: await readSigningKey(options.signingKeyFile, terminal) }),
        },
        terminal,
      );
      terminal.print(options.output === 'json' ? JSON.stringify(result) : publishSentence(result));
    });
}

function publishSentence({ outcome, version, files, bytes, images, signed, digest }: PublishResult): string {
  const what = `release ${version} (${images} components, ${files} files, ${formatBytes(bytes)}${signed ? ', signed' : ''}), sha256:${digest}`;
  switch (outcome) {
    case 'Published':
      return `published ${what}`;
    case 'AlreadyPublished':
      return `already published: ${what}`;
    case 'WouldPublish':
      return `would publish ${what}`;
  }
}

function verifyCommand(terminal: Terminal): Command {
  return withStore(new Command('verify'))
    .description('read a published release completely and compare every digest')
    .argument('<VERSION>')
    .option('--public-key-file <file>', 'PEM of the ed25519 public key that must have signed it')
    .action(async (version: string, options: VerifyOptions) => {
      if (!/^\d+\.\d+\.\d+[0-9A-Za-z.-]*$/.test(version))
        throw new UsageError(`${JSON.stringify(version)} is not a version`);
      const { openStore, readPublicKey } = await import('./options.ts');
      const { verifyRelease } = await import('./inspect.ts');
      const key =
        options.publicKeyFile === undefined ? {} : { publicKey: await readPublicKey(options.publicKeyFile) };
      const result = await verifyRelease(await openStore(options, terminal), version, key, terminal);
      const sentence = `release ${version} is whole: ${result.files} files, ${formatBytes(result.bytes)}, sha256:${result.digest}`;
      terminal.print(options.output === 'json' ? JSON.stringify(result) : sentence);
    });
}

function listCommand(terminal: Terminal): Command {
  return withStore(new Command('list'))
    .description('list the published releases, newest version last')
    .action(async (options: StoreOptions & OutputOptions) => {
      const { openStore } = await import('./options.ts');
      const { listReleases } = await import('./inspect.ts');
      const releases = await listReleases(await openStore(options, terminal), terminal.signal);
      if (options.output === 'json') {
        terminal.print(JSON.stringify(releases));
        return;
      }
      if (releases.length === 0) terminal.note('the store has no release');
      for (const { version, publishedTime } of releases)
        terminal.print(`${version.padEnd(16)} ${publishedTime}`);
    });
}
