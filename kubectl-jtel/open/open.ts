/** `kubectl jtel open` opens the stack's page in the browser. */
import { getStack, type Kit } from '../kit.ts';
import { startBrowser } from '../browser.ts';

export async function open(kit: Kit, name: string, { print }: { readonly print?: boolean }): Promise<void> {
  const { spec } = await getStack(kit, name);
  const url = `https://${spec.network.fqdn}/`;
  if (print === true || kit.surroundings.screen === undefined) return kit.surroundings.print(url);
  kit.surroundings.note(`opening ${url}`);
  await startBrowser(url);
}
