#!/bin/sh
# Rolldown, the bundler of Vite 8, warns when a machine is slow.
#
# One would guess: a warning of a bundler depends on the sources and the options, as with Rollup, whose plug-ins and `onLog` it
#   takes over. So a build that is free of warnings stays so, and "a warning ends the build" is a safe rule.
# What happens (1.2.19): a build that takes some seconds, a good part of them in plug-ins, gets PLUGIN_TIMINGS at level "warn". The
#   same sources with the same plug-in are free of it on a fast machine. `checks: { bundlerTimings: false }` turns it off, the
#   name before that, `pluginTimings`, too; it is on by default.
# Where it mattered: images and packages that were built beside other heavy work failed now and then, and never alone.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
echo '{ "name": "product", "version": "1.0.0", "type": "module" }' > package.json
npm install --silent --ignore-scripts --no-fund --no-audit rolldown@1.2.19
echo 'export const answer = 42;' > answer.js
cat > build.js <<'TEXT'
import { rolldown } from 'rolldown';

/** Does the same each time; only how long it takes differs. */
const plugin = (milliseconds) => ({
  name: 'works-a-while',
  transform() {
    const begin = Date.now();
    while (Date.now() - begin < milliseconds);
    return null;
  },
});

async function logs(milliseconds, checks) {
  const told = [];
  const bundle = await rolldown({
    input: 'answer.js',
    plugins: [plugin(milliseconds)],
    checks,
    onLog: (level, { code }) => told.push(`${level} ${code}`),
  });
  await bundle.generate({});
  await bundle.close();
  return told.join(', ') || 'nothing';
}

console.log(`plug-in takes 0 s: ${await logs(0, {})}`);
console.log(`plug-in takes 6 s: ${await logs(6000, {})}`);
console.log(`plug-in takes 6 s, bundlerTimings false: ${await logs(6000, { bundlerTimings: false })}`);
console.log(`plug-in takes 6 s, pluginTimings false: ${await logs(6000, { pluginTimings: false })}`);
TEXT
./node_modules/.bin/rolldown --version | head -1
node build.js | tee seen
cat > expected <<'TEXT'
plug-in takes 0 s: nothing
plug-in takes 6 s: warn PLUGIN_TIMINGS
plug-in takes 6 s, bundlerTimings false: nothing
plug-in takes 6 s, pluginTimings false: nothing
TEXT
diff expected seen && echo 'as described'
