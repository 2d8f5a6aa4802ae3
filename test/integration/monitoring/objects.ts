/**
 * A customer's objects as the operator would have written them, with everything that metrics are made from.
 */
import type { Watched } from './watched.ts';

/** Unix seconds → a time of the API. */
export function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function aCondition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  since: number,
  message = '',
): object {
  return { type, status, reason, message, lastTransitionTime: timeOf(since), observedGeneration: 1 };
}

/** A stack for whose host no SSH key is known, so that nobody ever connects. */
export function aStack(namespace: string, name: string, spec: object = {}): object {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: { namespace, name },
    spec: {
      version: '3.43.2',
      size: 'Small',
      releaseStoreRef: { name: 'vendor' },
      host: {
        address: '192.0.2.10',
        sshSecretRef: { name: 'ssh' },
        hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
      },
      network: { fqdn: `${name}.jtel.example` },
      backup: { storeRef: { name }, objectives: { recoveryPointHours: 26, recoveryTimeMinutes: 60 } },
      ...spec,
    },
  };
}

export class Customer {
  readonly #watched: Watched;
  readonly name: string;

  private constructor(watched: Watched, name: string) {
    this.#watched = watched;
    this.name = name;
  }

  /** A healthy stack with a backup of last night, and its store. */
  static async wellIn(watched: Watched, name: string): Promise<Customer> {
    const { namespace, kubectl } = watched;
    const customer = new Customer(watched, name);
    const metadata = { namespace, name };
    const azure = { endpoint: 'https://example.blob.core.windows.net', container: name };
    await kubectl.apply([
      aStack(namespace, name),
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelBackupStore',
        metadata,
        spec: { tier: 'Customer', azure: { ...azure, credentialsSecretRef: { name: 'store' } } },
      },
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelBackup',
        metadata: { namespace, name: `${name}-nightly` },
        spec: { stackRef: { name } },
      },
    ]);
    await customer.beWell();
    return customer;
  }

  /** Makes everything as it should be, also after something was not. */
  async beWell(): Promise<void> {
    const now = Date.now() / 1000;
    const night = now - 4 * 3600;
    const well = (type: string, reason: string): object => aCondition(type, 'True', reason, now - 86_400);
    await this.write('jtelstack', this.name, {
      observedGeneration: 1,
      phase: 'Ready',
      phaseStartTime: timeOf(now - 86_400),
      certificate: { notAfter: timeOf(now + 100 * 86_400) },
      version: '3.43.2',
      componentsReady: '8/8',
      availability: {
        countedSince: timeOf(now - 86_400),
        months: [{ month: timeOf(now - 86_400).slice(0, 7), downSeconds: 60, unknownSeconds: 0 }],
      },
      components: [{ name: 'acd-web-1', state: 'running', health: 'healthy', restarts: 1 }],
      host: {
        address: '192.0.2.10',
        cores: 4,
        memoryBytes: 2 ** 33,
        diskFreeBytes: 200 * 2 ** 30,
        diskTotalBytes: 500 * 2 ** 30,
      },
      conditions: [
        well('Ready', 'Healthy'),
        well('Available', 'Serving'),
        well('HostReachable', 'HostReachable'),
        well('UpToDate', 'Applied'),
        well('BackupHealthy', 'BackupCompleted'),
        well('RecoveryObjectivesMet', 'ObjectivesMet'),
        aCondition('Drifted', 'False', 'NoDrift', now - 86_400),
      ],
      backup: {
        lastBackupRef: { name: `${this.name}-nightly` },
        lastSuccessTime: timeOf(night + 1200),
        nextTime: timeOf(night + 86_400),
        verified: 'Passed',
        lastRestoreTestTime: timeOf(night + 2400),
        lastRestoreTestResult: 'Passed',
        lastRestoreTestPassedTime: timeOf(night + 2400),
      },
      history: [
        {
          revision: 1,
          version: '3.43.2',
          action: 'Update',
          result: 'Succeeded',
          startTime: timeOf(now - 90_000),
          completionTime: timeOf(now - 89_000),
          downtimeSeconds: 60,
        },
      ],
    });
    await this.write('jtelbackup', `${this.name}-nightly`, {
      phase: 'Completed',
      startTime: timeOf(night),
      completionTime: timeOf(night + 1200),
      totalBytes: 2 ** 32,
      uploadedBytes: 2 ** 24,
      storedBytes: 2 ** 31,
      missingFiles: 0,
      verification: { state: 'Passed', method: 'Restore', time: timeOf(night + 2400), seconds: 900 },
    });
    await this.write('jtelbackupstore', this.name, {
      backups: 12,
      lastBackupTime: timeOf(night + 1200),
      lastValidationTime: timeOf(now - 600),
      lastProofTime: timeOf(now - 3600),
      conditions: [well('Available', 'StoreReachable'), well('Immutable', 'ImmutabilityVerified')],
    });
  }

  /** Changes the status of an object, as the operator does. */
  async write(resource: string, name: string, status: object): Promise<void> {
    const { kubectl, namespace } = this.#watched;
    const patch = JSON.stringify({ status });
    const where = ['-n', namespace, '--subresource', 'status', '--type', 'merge'];
    await kubectl.run(['patch', resource, name, ...where, '-p', patch]);
  }

  /** Changes these conditions of the stack, and what else of its status is given, at one blow. */
  async goWrong(
    changed: Readonly<Record<string, readonly [status: 'True' | 'False' | 'Unknown', reason: string]>>,
    since: number,
    status: object = {},
  ): Promise<void> {
    const { kubectl, namespace } = this.#watched;
    const stack = await kubectl.json<{ status: { conditions: { type: string }[] } }>([
      'get',
      'jtelstack',
      this.name,
      '-n',
      namespace,
    ]);
    const others = stack.status.conditions.filter(({ type }) => !(type in changed));
    const conditions = Object.entries(changed).map(([type, [value, reason]]) =>
      aCondition(type, value, reason, since),
    );
    await this.write('jtelstack', this.name, { ...status, conditions: [...others, ...conditions] });
  }

  async losesItsStore(since: number): Promise<void> {
    await this.write('jtelbackupstore', this.name, {
      conditions: [aCondition('Available', 'False', 'StoreUnreachable', since)],
    });
  }

  /** Everything that can be under way is, so that every metric has a value. Nothing is wrong. */
  async beBusy(): Promise<void> {
    const { kubectl, namespace } = this.#watched;
    const { name } = this;
    const request = (kind: string, object: string, spec: object): object => ({
      apiVersion: 'jtel.de/v1alpha1',
      kind,
      metadata: { namespace, name: object },
      spec: { stackRef: { name }, ...spec },
    });
    const source = { backupRef: { name: `${name}-nightly` } };
    await kubectl.apply([
      request('JtelBackup', `${name}-now`, {}),
      request('JtelRestore', `${name}-test`, { mode: 'Test', source }),
      request('JtelRestore', `${name}-now`, { mode: 'Test', source }),
    ]);
    const now = Date.now() / 1000;
    const operation = (type: string): object => ({
      id: `${name}-${type}`,
      type,
      step: 'Running',
      progressPercent: 40,
      startTime: timeOf(now - 60),
      lastHeartbeatTime: timeOf(now),
    });
    await this.write('jtelstack', name, { operation: operation('Update') });
    const running = { startTime: timeOf(now - 60), totalBytes: 2 ** 32, uploadedBytes: 2 ** 20 };
    await this.write('jtelbackup', `${name}-now`, {
      phase: 'Running',
      operation: operation('Backup'),
      ...running,
    });
    await this.write('jtelrestore', `${name}-now`, {
      phase: 'Loading',
      operation: operation('Restore'),
      startTime: timeOf(now - 60),
      bytes: 2 ** 32,
      progressPercent: 40,
    });
    await this.write('jtelrestore', `${name}-test`, {
      phase: 'Completed',
      startTime: timeOf(now - 7200),
      completionTime: timeOf(now - 3600),
      recoveryTimeSeconds: 1500,
    });
  }
}
