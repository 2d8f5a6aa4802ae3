#!/bin/sh
# OpenTelemetry's newest exporter for JavaScript cannot be installed beside the newest package of Node's tracer provider.
#
# One would guess: the newest `@opentelemetry/exporter-trace-otlp-http` (0.301.0), `@opentelemetry/sdk-trace-node` (2.12.1) and
#   `@opentelemetry/api` (1.10.0) go together: they come from one repository, the first two were always used with each other, and
#   npm marks neither as deprecated.
# What happens (npm 11.19.1): ERESOLVE. The exporter wants the API from 1.10.0 on and is built upon a package of another name,
#   `@opentelemetry/sdk-trace` 3; the provider's package stays below 1.10.0. There is no version of the API that both take. So
#   whoever updates one of the two, as bots do package by package, gets a tree that npm refuses.
# Where it mattered: the test that sends spans through a real SDK pins older versions of all three (docs/dependencies.md).
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
mkdir tool product
(cd tool && npm install --silent --no-fund --no-audit npm@11.19.1)
npm=$PWD/tool/node_modules/.bin/npm
cd product
echo '{ "name": "product", "version": "1.0.0" }' > package.json
echo "npm $("$npm" --version)"
provider=@opentelemetry/sdk-trace-node@2.12.1
exporter=@opentelemetry/exporter-trace-otlp-http@0.301.0
for package in "$provider" "$exporter"; do
  echo "$package: API $("$npm" view "$package" peerDependencies.@opentelemetry/api), deprecated: $("$npm" view "$package" deprecated | grep -q . && echo yes || echo no)"
done | tee ../seen
for api in 1.9.0 1.10.0; do
  "$npm" install --dry-run --ignore-scripts --no-fund --no-audit "@opentelemetry/api@$api" "$provider" "$exporter" > ../log 2>&1 && echo "API $api: installs" ||
    echo "API $api: $(sed -n 's/^npm error code //p; s/^npm error peer .* from /refused by /p' ../log | paste -sd' ')"
done | tee -a ../seen
cat > ../expected <<'TEXT'
@opentelemetry/sdk-trace-node@2.12.1: API >=1.0.0 <1.10.0, deprecated: no
@opentelemetry/exporter-trace-otlp-http@0.301.0: API ^1.10.0, deprecated: no
API 1.9.0: ERESOLVE refused by @opentelemetry/exporter-trace-otlp-http@0.301.0
API 1.10.0: ERESOLVE refused by @opentelemetry/sdk-trace-node@2.12.1
TEXT
diff ../expected ../seen && echo 'as described'
