/**
 * What belongs to one open connection: its Docker client, its observer, and facts that cannot change while it
 * lives.
 */
import type { DockerClient } from './docker/client.ts';
import { dockerClient } from './docker/open-client.ts';
import type { LastingFacts } from './script/observe.ts';
import { Observer } from './script/observer.ts';
import type { Connection } from './ssh/connection.ts';

export class Session {
  readonly connection: Connection;
  readonly docker: DockerClient;
  readonly observer: Observer;
  facts: LastingFacts | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    this.docker = dockerClient(connection);
    this.observer = new Observer(connection);
  }
}
