/** Version of the plug-in: that of its package. */
import { readFile } from 'node:fs/promises';

export async function version(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return `kubectl-jtel ${manifest.version} (API jtel.de/v1alpha1, Node ${process.versions.node})`;
}
