/** Debian's Chromium without a window, for tests of the page, its benchmark and the pictures of the docs. */
import { chromium, type Browser } from 'playwright-core';
import { findCommand, installPackages } from '../../../kit/packages.ts';
import { lineProgress } from '../../../kit/progress.ts';

const command = 'chromium-headless-shell';
/** With the letters that the style sheet asks for first, so that pictures look alike on all machines. */
const packages = [command, 'fonts-inter', 'fonts-jetbrains-mono', 'fonts-dejavu-core'];

/** @returns a browser that the caller closes; its packages are announced and installed if they are missing. */
export async function startChromium(): Promise<Browser> {
  if ((await findCommand(command)) === undefined)
    await installPackages(packages, 'a browser for the tests of the page', lineProgress());
  const executablePath = await findCommand(command);
  if (executablePath === undefined)
    throw new Error(`${command} is not there after its package was installed`);
  // Root has no sandbox of Chromium; the pages are our own.
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] });
}
