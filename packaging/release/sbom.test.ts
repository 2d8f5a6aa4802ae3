import { expect, test } from 'vitest';
import { steadyCycloneDX, steadySPDX } from './sbom.ts';

const epoch = 1_780_000_000;
const time = '2026-05-28T20:26:40Z';

const cycloneDX = (component: string, packages: readonly string[] = ['yaml']) => ({
  serialNumber: `urn:uuid:${crypto.randomUUID()}`,
  metadata: { timestamp: new Date().toISOString(), component: { name: component } },
  components: packages,
});

test('what npm made by chance, by the clock and by its folder, follows from the content', () => {
  const text = steadyCycloneDX(cycloneDX('a-folder'), epoch);
  expect(steadyCycloneDX(cycloneDX('another-folder'), epoch)).toBe(text);
  const document = JSON.parse(text) as ReturnType<typeof cycloneDX>;
  expect(document.metadata).toEqual({ timestamp: time, component: { name: 'jtel-operator' } });
  expect(document.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test('other packages make another document', () => {
  const number = (packages: readonly string[]): string =>
    (JSON.parse(steadyCycloneDX(cycloneDX('a', packages), epoch)) as { serialNumber: string }).serialNumber;
  expect(number(['yaml', 'ajv'])).not.toBe(number(['yaml']));
});

test('SPDX likewise', () => {
  const spdx = () => ({
    name: 'jtel-operator@0.2.0',
    documentNamespace: `http://spdx.org/spdxdocs/x-${crypto.randomUUID()}`,
    creationInfo: { created: new Date().toISOString(), creators: ['Tool: npm/cli-11'] },
  });
  const text = steadySPDX(spdx(), epoch);
  expect(steadySPDX(spdx(), epoch)).toBe(text);
  expect(JSON.parse(text)).toMatchObject({ creationInfo: { created: time, creators: ['Tool: npm/cli-11'] } });
});
