import { expect, test } from 'vitest';
import { debianCycloneDX, debianSPDX, parsePackages } from './debian.ts';

const packages = parsePackages(
  'libstdc++6\t14.2.0-19\tamd64\tgcc-14\t14.2.0-19\nbash\t5.2.37-2+b5\tamd64\tbash\t5.2.37-2\n',
);
const image = { name: 'toolbox', version: '0.2.0', digest: `sha256:${'a'.repeat(64)}`, packages };

test('a package has its URL in both forms, with the characters that URLs encode', () => {
  const urls = [
    'pkg:deb/debian/bash@5.2.37-2%2Bb5?arch=amd64',
    'pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64',
  ];
  const { components, dependencies } = JSON.parse(debianCycloneDX(image, 0)) as {
    components: { purl: string }[];
    dependencies: { dependsOn: string[] }[];
  };
  expect(components.map(({ purl }) => purl)).toEqual(urls);
  expect(dependencies[0]?.dependsOn).toEqual(urls);
  const spdx = JSON.parse(debianSPDX(image, 0)) as {
    packages: { SPDXID: string; sourceInfo?: string; externalRefs?: { referenceLocator: string }[] }[];
    relationships: { relatedSpdxElement: string }[];
  };
  const [, ...contained] = spdx.packages;
  expect(contained.map(({ externalRefs }) => externalRefs?.[0]?.referenceLocator)).toEqual(urls);
  expect(contained[1]?.sourceInfo).toBe('built from gcc-14 14.2.0-19');
  // SPDX allows only letters, digits, dots and dashes in a name of its own.
  expect(spdx.relationships.map(({ relatedSpdxElement }) => relatedSpdxElement)).toEqual([
    'SPDXRef-Package-bash-amd64',
    'SPDXRef-Package-libstdc--6-amd64',
  ]);
});
