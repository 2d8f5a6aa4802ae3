/** Makes the set-up script from the two named files; loaded only by its command. */
import { parse } from 'yaml';
import { hostSetup } from '../../../controllers/stack/index.ts';
import type { JtelStack } from '../../../crds/index.ts';
import { fillDefaults, objectsOf } from '../../../doctor/manifest.ts';
import { readTextFile } from '../../../doctor/read/text-file.ts';
import { hostScript } from '../../../host-driver/bootstrap/script.ts';
import { InvalidValue } from '../../../host-driver/values.ts';
import type { Release } from '../../../release/generated/release.ts';
import { ReleaseInvalidError } from '../../../release/release-invalid-error.ts';
import { validateRelease } from '../../../release/validate.ts';
import { UsageError } from '../../../command-line/terminal.ts';

/** Files as the user named them. */
export interface ScriptFiles {
  /** YAML with the JtelStack. */
  readonly filename: string;
  readonly release: string;
}

/** @throws {UsageError} if a file is missing, is wrong, or does not match the other. */
export async function scriptFor({ filename, release: releaseFile }: ScriptFiles): Promise<string> {
  const stack = await readStack(filename);
  const release = await readRelease(releaseFile);
  if (release.version !== stack.spec.version) {
    throw new UsageError(
      `${filename} wants version ${stack.spec.version}, but ${releaseFile} is ${release.version}`,
    );
  }
  try {
    return hostScript(hostSetup(stack, release));
  } catch (error) {
    if (error instanceof InvalidValue) throw new UsageError(`${filename}: ${error.message}`);
    throw error;
  }
}

async function readStack(file: string): Promise<JtelStack> {
  const stacks = objectsOf(await readTextFile(file), file).filter(({ kind }) => kind === 'JtelStack');
  if (stacks.length !== 1)
    throw new UsageError(`${file} must have exactly one JtelStack; it has ${stacks.length}`);
  const stack = stacks[0] as JtelStack;
  const objection = fillDefaults('JtelStack', stack.spec);
  if (objection !== undefined) throw new UsageError(`${file}: ${objection}`);
  return stack;
}

async function readRelease(file: string): Promise<Release> {
  const text = await readTextFile(file);
  try {
    return validateRelease(parse(text), 'Draft', file);
  } catch (error) {
    if (error instanceof ReleaseInvalidError) throw new UsageError(error.message);
    throw new UsageError(`${file} is not YAML`);
  }
}
