/**
 * Notes on a host what can be read of short-lived containers and networks: that they came and went, what
 * `docker inspect` says, and the last logs of containers.
 */
import type { Docker } from '../../kit/docker.ts';

const notes = '/root/witness.txt';
/**
 * Notes everything from its start on, even if the stream begins a little later. Output that is read too late
 * is gone, and that is noted too.
 */
const script = `
docker events --since "$(date +%s)" --filter type=container --filter type=network --filter event=create --filter event=start --filter event=die --format '{{.Action}} {{.Actor.Attributes.name}}' |
while read -r action name; do
  echo "$action $name"
  case $action in
    die) docker logs "$name" 2>&1 ;;
    *) docker inspect "$name" ;;
  esac
done >${notes} 2>&1`;

/** Continues until the host is switched off. @returns reads what was noted so far. */
export async function witness(docker: Docker, host: string): Promise<() => Promise<string>> {
  await docker.exec(host, ['sh', '-c', `: >${notes}`]);
  await docker.run(['exec', '-d', host, 'sh', '-c', script]);
  return () => docker.exec(host, ['cat', notes]);
}
