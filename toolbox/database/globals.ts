/** Settings of the whole server that a job needs for a while. Each is restored afterwards. */
import type { DatabaseClient } from './client.ts';
import { workThen } from './work-then.ts';

const largestPacketBytes = 1024 * 1024 * 1024;

/**
 * A row is one packet, and in SQL it may be twice as long. Connections that begin within `work` may send and
 * receive packets of a GiB. Other connections begin with the server's own limit.
 */
export async function withLargePackets<T>(client: DatabaseClient, work: () => Promise<T>): Promise<T> {
  return await withGlobal(client, 'max_allowed_packet', largestPacketBytes, work);
}

/** A setting that is at least `value` already is left alone. */
export async function withGlobal<T>(
  client: Pick<DatabaseClient, 'query'>,
  name: 'max_allowed_packet' | 'log_bin_trust_function_creators',
  value: number,
  work: () => Promise<T>,
): Promise<T> {
  const [[before = ''] = []] = await client.query(`SELECT @@GLOBAL.${name}`);
  if (Number(before) >= value) return await work();
  await client.query(`SET GLOBAL ${name} = ${value}`);
  return await workThen(work, () => client.query(`SET GLOBAL ${name} = ${Number(before)}`));
}
