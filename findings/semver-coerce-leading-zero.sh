#!/bin/sh
# Docker Engine used calendar versions until 2020: 17.03 to 19.03, all with a leading zero in the month. npm's semver has `coerce` for such versions: its
# README says that it "aims to provide a very forgiving translation of a non-semver string to semver" and that "only text which lacks digits will fail
# coercion (`version one` is not valid)". One would guess: coerce('19.03.15') is 19.3.15.
# What happens: it is null, as if there were no version, unless `loose` is set. A check "is this Docker at least 20.10" that takes null for
# "unknown" lets exactly the old versions pass.
set -eu
version=7.8.6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@24.21.0" "semver@$version" >/dev/null
PATH=$work/node_modules/.bin:$PATH
cat >try.mjs <<'END'
import semver from 'semver';
const strict = ['19.03.15', '18.09'].map((text) => String(semver.coerce(text)));
const loose = ['19.03.15', '18.09'].map((text) => String(semver.coerce(text, { loose: true })));
console.log(`semver ${process.argv[2]}, coerce of 19.03.15 and 18.09: ${strict.join(', ')}; expected: 19.3.15, 18.9.0 (with loose: ${loose.join(', ')})`);
process.exit(strict.join() === 'null,null' && loose.join() === '19.3.15,18.9.0' ? 0 : 1);
END
node try.mjs "$version"
