/** `jtel-operator run`: the operator itself. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { checkConfig } from '../check-config.ts';
import { ConfigError, parseToolboxImage, type OperatorConfig } from '../config.ts';
import { endpointRulesOf, withEndpointOptions, type EndpointOptions } from './endpoint-options.ts';
import type { WebConfig } from '../web/serve.ts';
import { LeadershipLost } from '../../runtime/errors.ts';
import { mostShards } from '../../crds/index.ts';
import type { LogLevel } from '../../runtime/report/logger.ts';
import { CommandError, UsageError, type Terminal } from '../../command-line/terminal.ts';
import { optional } from '../../base/optional.ts';

interface RunOptions extends EndpointOptions {
  readonly kubeconfig?: string;
  readonly namespace: readonly string[];
  readonly leaseNamespace: string;
  readonly leaseName: string;
  readonly leaseDurationSeconds: number;
  readonly shards: number;
  readonly identity?: string;
  readonly toolboxImage: string;
  readonly image?: string;
  readonly backupServiceAccount?: string;
  readonly backupWindowSeconds: number;
  readonly backupsPerStore: number;
  readonly backupsAtOnce: number;
  readonly healthPort: number;
  readonly webPort?: number;
  readonly webHost: readonly string[];
  readonly webProxySecretFile?: string;
  readonly webSecretHeader: string;
  readonly webUserHeader: string;
  readonly webGroupsHeader: string;
  readonly resyncSeconds: number;
  readonly monitorSeconds: number;
  readonly workers: number;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'readable';
  readonly auditLog?: string;
  readonly releaseKeyFile?: string;
  readonly allowUnsignedReleases?: boolean;
}

export function runCommand(terminal: Terminal): Command {
  const command = new Command('run')
    .description('watch JtelStacks and bring their hosts to what they say')
    .addOption(
      new Option(
        '--kubeconfig <file>',
        'kubeconfig of the cluster; default: the pod’s service account, else KUBECONFIG or ~/.kube/config',
      ),
    )
    .addOption(new Option('--namespace <name...>', 'watch only these namespaces').default([], 'all'))
    .addOption(
      new Option('--lease-namespace <name>', 'where the Lease lies')
        .env('POD_NAMESPACE')
        .default('jtel-system'),
    )
    .addOption(
      new Option('--lease-name <name>', 'of several operators with one Lease, one works').default(
        'jtel-operator',
      ),
    )
    .addOption(
      new Option('--lease-duration-seconds <n>', 'replace a dead operator after this time')
        .default(15)
        .argParser(number(3, 300)),
    )
    .addOption(
      new Option(
        '--shards <n>',
        'replicas share the stacks in so many parts, each with a Lease; 1: one replica works, the others wait',
      )
        .default(1)
        .argParser(number(1, mostShards)),
    )
    .addOption(new Option('--identity <name>', 'name of this process in the Lease').env('POD_NAME'))
    .addOption(
      new Option('--toolbox-image <image>', 'runs jobs on hosts: registry/path[:tag]@sha256:…')
        .env('TOOLBOX_IMAGE')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--image <image>',
        'the operator’s own image, for the CronJobs that ask for scheduled backups',
      ).env('OPERATOR_IMAGE'),
    )
    .addOption(
      new Option(
        '--backup-service-account <name>',
        'ServiceAccount in the stacks’ namespaces that those CronJobs run as',
      ).env('BACKUP_SERVICE_ACCOUNT'),
    )
    .addOption(
      new Option('--backup-window-seconds <n>', 'how long one try of a backup may write to its store')
        .default(43_200)
        .argParser(number(30, 604_800)),
    )
    .addOption(
      new Option('--backups-per-store <n>', 'backups that run at the same time in one JtelBackupStore')
        .default(10)
        .argParser(number(1, 1000)),
    )
    .addOption(
      new Option('--backups-at-once <n>', 'backups that run at the same time; more wait for a place')
        .default(50)
        .argParser(number(1, 1000)),
    )
    .addOption(
      new Option('--health-port <port>', '/healthz, /readyz, /metrics; 0: any free port')
        .default(8080)
        .argParser(number(0, 65535)),
    )
    .addOption(
      new Option('--web-port <port>', 'also serve the page of all stacks here; default: no page').argParser(
        number(0, 65535),
      ),
    )
    .addOption(
      new Option(
        '--web-host <name...>',
        'names that people reach the page by, with the port if it is not the usual one; localhost always works',
      ).default([], 'none'),
    )
    .addOption(
      new Option(
        '--web-proxy-secret-file <file>',
        'believe the headers of an authenticating proxy that sends this secret; default: people sign in with tokens',
      ),
    )
    .addOption(
      new Option('--web-secret-header <name>', 'header of the proxy with that secret').default(
        'X-Jtel-Proxy-Secret',
      ),
    )
    .addOption(
      new Option('--web-user-header <name>', 'header of the proxy with the user').default('X-Forwarded-User'),
    )
    .addOption(
      new Option('--web-groups-header <name>', 'header of the proxy with the groups, between commas').default(
        'X-Forwarded-Groups',
      ),
    )
    .addOption(
      new Option('--resync-seconds <n>', 'how often a stack that is well is looked at')
        .default(300)
        .argParser(number(5, 86400)),
    )
    .addOption(
      new Option(
        '--monitor-seconds <n>',
        'how long a stack must stay up after an update before it counts as good',
      )
        .default(10)
        .argParser(number(0, 3600)),
    )
    .addOption(
      new Option('--workers <n>', 'stacks that are looked at at the same time')
        .default(32)
        .argParser(number(1, 1000)),
    )
    .addOption(
      new Option('--log-level <level>', 'what is logged')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'form of the log')
        .choices(['json', 'readable'])
        .default(process.stderr.isTTY ? 'readable' : 'json', 'readable on a terminal, else json'),
    )
    .addOption(
      new Option(
        '--audit-log <file>',
        'append who asked for what, and what was done on which host, as JSON lines; -: standard output',
      ),
    )
    .addOption(
      new Option(
        '--release-key-file <file>',
        'PEM of the vendor’s ed25519 public key: releases without its signature are refused',
      ),
    )
    .addOption(
      new Option(
        '--allow-unsigned-releases',
        'without a key: whoever can write to a vendor store decides what runs on the hosts',
      ),
    );
  return withEndpointOptions(command).action(async (options: RunOptions) => {
    try {
      const config = checkConfig(await configOf(options));
      // Loaded only here: no other command needs the operator and its dependencies in memory.
      const { runOperator } = await import('../main.ts');
      await runOperator(config, terminal.signal);
    } catch (error) {
      if (error instanceof LeadershipLost)
        throw new CommandError(`another operator took over: ${error.message}`, { cause: error });
      if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
      throw error;
    }
  });
}

async function configOf(options: RunOptions): Promise<OperatorConfig> {
  const {
    kubeconfig,
    namespace,
    identity,
    toolboxImage,
    releaseKeyFile,
    allowUnsignedReleases,
    image,
    backupServiceAccount,
    webPort,
    webHost,
    webProxySecretFile,
    webSecretHeader,
    webUserHeader,
    webGroupsHeader,
    allowEndpointRange,
    clusterRange,
    allowHttpStores,
    ...rest
  } = options;
  const webOptions = { webHost, webProxySecretFile, webSecretHeader, webUserHeader, webGroupsHeader };
  if ((image === undefined) !== (backupServiceAccount === undefined))
    throw new ConfigError(
      '--image and --backup-service-account go together: what the CronJobs of backup schedules run, and as whom',
    );
  if (webPort === undefined && (webHost.length > 0 || webProxySecretFile !== undefined))
    throw new ConfigError(
      '--web-host and --web-proxy-secret-file are about a page that is not served: add --web-port',
    );
  const releaseKey = await readReleaseKey(releaseKeyFile, allowUnsignedReleases === true);
  return {
    ...rest,
    ...optional({ kubeconfig, releaseKey }),
    ...(image === undefined || backupServiceAccount === undefined
      ? {}
      : { schedulePods: { image, serviceAccount: backupServiceAccount } }),
    ...(webPort === undefined ? {} : { web: await webConfigOf(webPort, webOptions) }),
    ...(await endpointRulesOf({ allowEndpointRange, clusterRange, allowHttpStores })),
    namespaces: namespace.length === 0 ? 'All' : namespace,
    // A restarted pod keeps its name, but is another process.
    identity: `${identity ?? hostname()}-${randomBytes(4).toString('hex')}`,
    toolboxImage: parseToolboxImage(toolboxImage),
  };
}

/** @throws {ConfigError} unless exactly one of the two was chosen: nobody runs unsigned releases by accident. */
async function readReleaseKey(
  file: string | undefined,
  allowsUnsigned: boolean,
): Promise<string | undefined> {
  if (file === undefined && !allowsUnsigned)
    throw new ConfigError(
      '--release-key-file is missing: the PEM of the public key that your vendor signs releases with (docs/releases.md). To run releases that nobody signed, give --allow-unsigned-releases instead',
    );
  if (file !== undefined && allowsUnsigned)
    throw new ConfigError(
      '--release-key-file and --allow-unsigned-releases contradict each other: remove one of them',
    );
  return file === undefined ? undefined : await (await import('./release/options.ts')).readPublicKey(file);
}

type WebOptions = Pick<RunOptions, 'webHost' | 'webSecretHeader' | 'webUserHeader' | 'webGroupsHeader'> & {
  readonly webProxySecretFile: string | undefined;
};

const shortestProxySecret = 32;

async function webConfigOf(port: number, options: WebOptions): Promise<WebConfig> {
  const file = options.webProxySecretFile;
  const hosts = options.webHost.map((host) => host.toLowerCase());
  if (file === undefined) return { port, hosts };
  const secret = (await readProxySecret(file)).trim();
  if (secret.length < shortestProxySecret)
    throw new ConfigError(
      `--web-proxy-secret-file: the secret needs ${shortestProxySecret} characters or more`,
    );
  const proxy = {
    secret,
    secretHeader: options.webSecretHeader.toLowerCase(),
    userHeader: options.webUserHeader.toLowerCase(),
    groupsHeader: options.webGroupsHeader.toLowerCase(),
  };
  return { port, hosts, proxy };
}

/** @throws {ConfigError} */
async function readProxySecret(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new ConfigError(`--web-proxy-secret-file: cannot read ${file}: ${code}`);
  }
}

function number(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`It has to be a whole number from ${minimum} to ${maximum}.`);
  };
}
