/**
 * A row is one packet, and in SQL it may be twice as long. Connections that begin within `work` may send and
 * receive packets of a GiB. Other connections begin with the server's own limit, which is restored
 * afterwards.
 */
import type { DatabaseClient } from './client.ts';

const largestPacketBytes = 1024 * 1024 * 1024;

export async function withLargePackets<T>(client: DatabaseClient, work: () => Promise<T>): Promise<T> {
  const [[before = ''] = []] = await client.query('SELECT @@GLOBAL.max_allowed_packet');
  if (Number(before) >= largestPacketBytes) return await work();
  await client.query(`SET GLOBAL max_allowed_packet = ${largestPacketBytes}`);
  try {
    return await work();
  } finally {
    await client.query(`SET GLOBAL max_allowed_packet = ${Number(before)}`);
  }
}
