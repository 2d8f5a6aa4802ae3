/** Connections to acd-dbm as jtel's own user. */
import { createConnection, createPool } from 'mariadb';
import type { Connection, Pool } from 'mariadb';
import { explain, say, setting } from './service.ts';

export function databaseHost(): string {
  return setting('JTEL_DATABASE_HOST', 'acd-dbm');
}

function options(password: string) {
  return {
    host: databaseHost(),
    port: 3306,
    user: 'jtel',
    password,
    connectTimeout: 3000,
    insertIdAsNumber: true,
    bigIntAsNumber: true,
  };
}

/** A few connections that reconnect after the database was away. */
export function databasePool(password: string): Pool {
  return createPool({ ...options(password), connectionLimit: 3, acquireTimeout: 4000, minimumIdle: 1 });
}

/** Waits until the database accepts us; logs every ten seconds what it waits for. */
export async function connectWhenReady(password: string): Promise<Connection> {
  let lastSaid = 0;
  for (;;) {
    try {
      return await createConnection(options(password));
    } catch (error) {
      if (Date.now() - lastSaid > 10_000) {
        say(`waiting for the database at ${databaseHost()}: ${explain(error)}`);
        lastSaid = Date.now();
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
