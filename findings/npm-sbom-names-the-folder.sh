#!/bin/sh
# npm's bill of materials in CycloneDX's form calls the product by the name of the folder that it lies in.
#
# One would guess: `metadata.component.name` is the name in package.json, as in the same document's `bom-ref` and `purl`, and as in
#   the SPDX form of the same command. Two build machines that check a commit out into different folders would give the same name.
# What happens (npm 11.19.1): the name is the folder's. A service that gathers such documents by name files each build of a temporary
#   folder as another product. `bom-ref`, `purl` and SPDX have the name of package.json.
# Where it mattered: two builds of a release in two folders differed in one word (packaging/release/sbom.ts sets it).
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm install --silent --no-fund --no-audit npm@11.19.1
npm=$PWD/node_modules/.bin/npm
for folder in checkout-1 checkout-2; do
  mkdir "$folder"
  printf '{ "name": "product", "version": "1.0.0" }\n' > "$folder/package.json"
  printf '{ "name": "product", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "product", "version": "1.0.0" } } }\n' \
    > "$folder/package-lock.json"
done
cat > show.cjs <<'JS'
const document = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const component = document.metadata?.component;
console.log(component ? `CycloneDX: name ${component.name}, purl ${component.purl}` : `SPDX: name ${document.packages[0].name}`);
JS
echo "npm $("$npm" --version)"
for folder in checkout-1 checkout-2; do
  for format in cyclonedx spdx; do (cd "$folder" && "$npm" sbom --package-lock-only --sbom-format "$format" | node ../show.cjs); done
done | tee seen
cat > expected <<'TEXT'
CycloneDX: name checkout-1, purl pkg:npm/product@1.0.0
SPDX: name product
CycloneDX: name checkout-2, purl pkg:npm/product@1.0.0
SPDX: name product
TEXT
diff expected seen && echo 'as described'
