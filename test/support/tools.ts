/** Programs of Debian that a test runs beside the product, installed when the machine lacks them. */
import { findCommand, installPackages } from '../../kit/packages.ts';
import { lineProgress } from '../../kit/progress.ts';

const packageOf = {
  zstd: 'zstd',
  pzstd: 'zstd',
  bsdtar: 'libarchive-tools',
  setfattr: 'attr',
  man: 'man-db',
  zsh: 'zsh',
  fish: 'fish',
} as const;

/** @throws {Error} when they cannot be installed. */
export async function needTools(...tools: readonly (keyof typeof packageOf)[]): Promise<void> {
  const missing: string[] = [];
  for (const tool of tools) if ((await findCommand(tool)) === undefined) missing.push(packageOf[tool]);
  if (missing.length > 0) await installPackages([...new Set(missing)], 'for a test', lineProgress());
}
