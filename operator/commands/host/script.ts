/** Makes the set-up script from the two named files; loaded only by its command. */
import { readFile, stat } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { hostSetup } from '../../../controllers/stack/index.ts';
import { readCRDs, schemaOf } from '../../../crds/crd.ts';
import type { JtelStack } from '../../../crds/index.ts';
import { hostScript } from '../../../host-driver/bootstrap/script.ts';
import { InvalidValue } from '../../../host-driver/values.ts';
import type { Release } from '../../../release/generated/release.ts';
import { ReleaseInvalidError, validateRelease } from '../../../release/validate.ts';
import { UsageError } from '../../../command-line/terminal.ts';

/** Files as the user named them. */
export interface ScriptFiles {
  /** YAML with the JtelStack. */
  readonly filename: string;
  readonly release: string;
}

const maximumFileBytes = 1024 * 1024;

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
  const documents = parseAllDocuments(await readText(file));
  const broken = documents.find((document) => document.errors.length > 0);
  if (broken !== undefined) throw new UsageError(`${file} is not YAML: ${broken.errors[0]?.message ?? ''}`);
  const stacks = documents
    .map((document) => document.toJS() as { readonly kind?: unknown } | null)
    .filter((object) => object?.kind === 'JtelStack');
  if (stacks.length !== 1)
    throw new UsageError(`${file} must have exactly one JtelStack; it has ${stacks.length}`);
  const stack = stacks[0] as JtelStack;
  const ajv = new Ajv({ strict: false, allErrors: true, useDefaults: true, validateFormats: false });
  const fits = ajv.compile(specSchema());
  if (!fits(stack.spec)) throw new UsageError(`${file}: ${ajv.errorsText(fits.errors, { dataVar: 'spec' })}`);
  return stack;
}

function specSchema(): object {
  const crd = readCRDs().find(({ spec }) => spec.names.kind === 'JtelStack');
  const schema = crd === undefined ? undefined : schemaOf(crd).properties?.['spec'];
  if (schema === undefined) throw new Error('crds/jtelstack.yaml has no schema of a spec');
  return schema;
}

async function readRelease(file: string): Promise<Release> {
  const text = await readText(file);
  try {
    return validateRelease(parse(text), 'Draft', file);
  } catch (error) {
    if (error instanceof ReleaseInvalidError) throw new UsageError(error.message);
    throw new UsageError(`${file} is not YAML`);
  }
}

async function readText(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > maximumFileBytes) throw new UsageError(`${file} is too big for a manifest`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
