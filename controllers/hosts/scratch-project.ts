/** The compose project in which a backup is tested. Whoever cleans up after a test has to know its name. */
import type { JtelRestore } from '../../crds/index.ts';

/** No stack's project has such a name: those begin with `jtel-<namespace>-`, and hardly any namespace is called `test-<hex>`. */
export function scratchProject({
  metadata,
}: {
  readonly metadata: Pick<JtelRestore['metadata'], 'uid'>;
}): string {
  return `jtel-test-${metadata.uid.replaceAll('-', '').slice(0, 12)}`;
}
