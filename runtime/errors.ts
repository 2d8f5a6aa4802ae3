/** This process is no longer the leader and must not write. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}
