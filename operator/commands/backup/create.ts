/** Creates a JtelBackup with the available credentials; loaded only when needed. */
import { backupKind, operatorName, type JtelBackup } from '../../../crds/index.ts';
import { ClusterClient } from '../../../runtime/client/cluster-client.ts';
import { ApiError, isAlreadyExists } from '../../../runtime/client/api-error.ts';
import { KubeConnection } from '../../../runtime/client/connection.ts';
import { SecretRegistry } from '../../../runtime/report/secret-registry.ts';
import { CommandError } from '../../../command-line/terminal.ts';

/** For short outages. If a pod starts while there is no API server, its Job starts it again. */
const timeoutSeconds = 30;

/** @throws {CommandError} if the API server refuses or does not answer. */
export async function createBackup(
  kubeconfig: string | undefined,
  backup: JtelBackup,
  signal: AbortSignal,
): Promise<'Created' | 'Exists'> {
  const connection = await KubeConnection.load({
    userAgent: operatorName,
    files: kubeconfig === undefined ? undefined : [kubeconfig],
  });
  try {
    const cluster = new ClusterClient({
      connection,
      fieldManager: operatorName,
      secrets: new SecretRegistry(),
    });
    await cluster.create(backupKind, backup, { signal, timeoutSeconds });
    return 'Created';
  } catch (error) {
    if (isAlreadyExists(error)) return 'Exists';
    if (error instanceof ApiError)
      throw new CommandError(
        `JtelBackup ${backup.metadata.namespace}/${backup.metadata.name} was not created: ${error.message}`,
        { cause: error },
      );
    throw error;
  } finally {
    await connection.close();
  }
}
