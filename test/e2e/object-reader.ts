/**
 * Reads objects of one namespace for tests that wait for them. By the product's own client, because kubectl takes
 * twenty times the processor time for one object.
 */
import {
  backupKind,
  restoreKind,
  stackKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../crds/index.ts';
import { ClusterClient, KubeConnection, SecretRegistry } from '../../runtime/index.ts';
import { call } from '../support/cluster.ts';

export class ObjectReader {
  readonly #connection: KubeConnection;
  readonly #client: ClusterClient;
  readonly #namespace: string;

  private constructor(connection: KubeConnection, namespace: string) {
    this.#connection = connection;
    this.#namespace = namespace;
    const secrets = new SecretRegistry();
    this.#client = new ClusterClient({ connection, fieldManager: 'jtel-test', secrets });
  }

  static async open(kubeconfig: string, namespace: string): Promise<ObjectReader> {
    const connection = await KubeConnection.load({ userAgent: 'jtel-test', files: [kubeconfig] });
    return new ObjectReader(connection, namespace);
  }

  stack(name: string): Promise<JtelStack> {
    return this.#client.get(stackKind, { namespace: this.#namespace, name }, call());
  }

  backup(name: string): Promise<JtelBackup> {
    return this.#client.get(backupKind, { namespace: this.#namespace, name }, call());
  }

  restore(name: string): Promise<JtelRestore> {
    return this.#client.get(restoreKind, { namespace: this.#namespace, name }, call());
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
