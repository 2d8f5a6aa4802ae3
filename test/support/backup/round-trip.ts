/** A database that is backed up, and comes back in a second server, by the real jobs in real containers. */
import { exchangePath } from '../../../jobs/companion.ts';
import type { BackupJobResult } from '../../../jobs/backup.ts';
import type { RestoreJobInput } from '../../../jobs/restore.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { silentProgress } from '../../../kit/progress.ts';
import { BlobDouble } from './blob-double.ts';
import { databaseImage, DatabaseStage } from './database-stage.ts';
import type { JobOutcome, StageOptions } from './database-stage.ts';
import { identity } from './job-builder.ts';
import { backupToRead } from './restore-builder.ts';
import { checkedResult } from './job-result.ts';

export class RoundTrip {
  readonly stage: DatabaseStage;
  readonly double: BlobDouble;
  #number = 0;

  private constructor(stage: DatabaseStage, double: BlobDouble) {
    this.stage = stage;
    this.double = double;
  }

  static async open(options: StageOptions = {}): Promise<RoundTrip> {
    const stage = await DatabaseStage.open('round-trip', options);
    return new RoundTrip(stage, await BlobDouble.start(stage.gateway));
  }

  async close(): Promise<void> {
    await this.double.stop();
    await this.stage.close();
  }

  async tryBackup(kind: 'Physical' | 'Logical'): Promise<JobOutcome> {
    const run = await this.stage.start({
      type: 'backup',
      backupID: `20261123t${String(100_000 + ++this.#number)}z-00c0de`,
      attempt: 1,
      identity,
      epoch: '20261123',
      known: [],
      fileTrees: [],
      limits: {},
      upload: {
        kind: 'SignedURL',
        containerUrl: this.double.containerUrl,
        query: 'sp=c&sig=canary-create',
        prefix: '',
        expiresTime: '2099-01-01T00:00:00Z',
      },
      database: this.stage.databaseInput(kind),
    });
    const outcome = await this.stage.finish(run);
    await this.stage.remove(run);
    return outcome;
  }

  async backup(kind: 'Physical' | 'Logical'): Promise<BackupJobResult> {
    const outcome = await this.tryBackup(kind);
    if (outcome.result === undefined)
      throw new Error(`the backup failed: ${outcome.error?.message ?? outcome.log.slice(-500)}`);
    return checkedResult('backup', outcome.result);
  }

  /** @param look gets the name of the second server, which is gone afterwards. */
  async comesBack<T>(result: BackupJobResult, look: (server: string) => Promise<T>): Promise<T> {
    const volume = `${this.stage.name}-second-${++this.#number}`;
    const backup = backupToRead(this.double, result);
    const isPhysical = result.dataSets.some(({ kind }) => kind === 'Physical');
    try {
      if (isPhysical) told(await this.stage.restore(physicalInput(backup), volume));
      const server = await this.stage.serve(volume);
      if (!isPhysical) told(await this.stage.load(server, backup));
      return await look(server);
    } finally {
      await this.stage.docker.remove(`${volume}-server`);
      await this.stage.docker.tryRun(['volume', 'rm', '-f', volume]);
    }
  }
}

function told({ error }: JobOutcome): void {
  if (error !== undefined) throw new Error(`${error.reason}: ${error.message}`);
}

function physicalInput(backup: RestoreJobInput['backup']): RestoreJobInput {
  return {
    type: 'restore',
    loadID: 'load-1',
    onData: 'Refuse',
    backup,
    fileTrees: [],
    limits: {},
    database: {
      kind: 'Physical',
      volumePath: '/database',
      dataDirectory: 'data',
      exchange: exchangePath,
      uid: 999,
      gid: 999,
    },
  };
}

/** The stand-in's image, plus the CONNECT engine from the distribution's package. */
export async function connectImage(): Promise<string> {
  const docker = await ensureDocker(silentProgress);
  const image = 'jtel-sandbox/database-connect:dev';
  const dockerfile = `FROM ${databaseImage}\nRUN apt-get update && apt-get install -y --no-install-recommends mariadb-plugin-connect && rm -rf /var/lib/apt/lists/*\n`;
  await docker.run(['build', '-q', '-t', image, '-'], { input: dockerfile });
  return image;
}
