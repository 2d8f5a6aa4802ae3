/**
 * The JSON schemas of bills of materials: CycloneDX's from its own library, SPDX's from syft's sources, because no package of
 * npm has it.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { fileOfSyft } from './syft.ts';

const library = import.meta.resolve('@cyclonedx/cyclonedx-library/package.json');

export interface SBOMSchemas {
  /** What its format's schema has against a document; null: nothing. */
  errors(document: string): ValidateFunction['errors'];
}

export async function sbomSchemas(): Promise<SBOMSchemas> {
  const ofLibrary = async (name: string): Promise<object> => {
    const file = fileURLToPath(new URL(`res/schema/${name}.SNAPSHOT.schema.json`, library));
    return JSON.parse(await readFile(file, 'utf8')) as object;
  };
  // Neither schema is strict in Ajv's sense. Formats such as dates are told by patterns, too, where they count here.
  const options = { strict: false, validateFormats: false, allErrors: true };
  const cycloneDX = new Ajv(options);
  // It refers to these two by names of their own files, which are not their identifiers.
  for (const name of ['spdx', 'jsf-0.82'])
    cycloneDX.addSchema(await ofLibrary(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  const isCycloneDX = cycloneDX.compile(await ofLibrary('bom-1.5'));
  const isSPDX = new Ajv(options).compile(
    JSON.parse(await fileOfSyft('schema/spdx-json/spdx-schema-2.3.json')) as object,
  );
  return {
    errors: (text) => {
      const document = JSON.parse(text) as { readonly specVersion?: string; readonly spdxVersion?: string };
      if (document.specVersion !== '1.5' && document.spdxVersion !== 'SPDX-2.3')
        throw new Error('neither CycloneDX 1.5 nor SPDX 2.3');
      const validate = document.spdxVersion === undefined ? isCycloneDX : isSPDX;
      validate(document);
      return validate.errors ?? null;
    },
  };
}
