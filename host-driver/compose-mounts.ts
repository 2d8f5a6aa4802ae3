/**
 * Reads from a compose file on a host which files its containers mount. The host may be anybody's by now, and a YAML parser can
 * be kept busy for minutes with a few hundred kilobytes. So only lines just as `composeText` writes them are known; one pass, no
 * YAML. Pure.
 */

export interface ComposeMount {
  readonly service: string;
  readonly source: string;
  readonly target: string;
}

/** Names and paths of a release need no escapes. */
const serviceLine = /^ {2}"?([A-Za-z0-9][A-Za-z0-9._-]{0,252})"?:$/;
const itemLine = /^ {6}- type: "bind"$/;
const fieldLine = /^ {8}(source|target): "([A-Za-z0-9._@+/-]{1,512})"$/;

/** @returns bind mounts of all services; those that are written in another way are left out */
export function composeMounts(composeYaml: string): readonly ComposeMount[] {
  const mounts: ComposeMount[] = [];
  let [isInServices, isInVolumes, service, source] = [false, false, '', ''];
  for (const line of composeYaml.split('\n')) {
    if (!line.startsWith(' ')) isInServices = line === 'services:';
    if (!isInServices) continue;
    if (!line.startsWith('    ')) {
      service = serviceLine.exec(line)?.[1] ?? '';
      isInVolumes = false;
    } else if (!line.startsWith('      ')) isInVolumes = line === '    volumes:';
    if (!line.startsWith('        ')) source = itemLine.test(line) ? '?' : '';
    if (service === '' || !isInVolumes || source === '') continue;
    const [, field, path = ''] = fieldLine.exec(line) ?? [];
    if (field === 'source') source = path;
    else if (field === 'target') mounts.push({ service, source, target: path });
  }
  return mounts;
}
