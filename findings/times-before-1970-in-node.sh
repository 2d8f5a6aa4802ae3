#!/bin/sh
# Node's utimes sets the present time, without an error, when it is given a time before 1970 as a number.
#
# One would guess: the argument is a Unix time in seconds, as the documentation says, and those before 1970 are negative; what
#   cannot be set is an error. The same instant as a Date, or as a string of digits, is set as it is.
# What happens (Node 24.21.0): utimes, futimes and lutimes take every negative number for now. So a tool that restores
#   stat().mtimeMs / 1000 with utimes brings old files back as the newest of all.
# Where it mattered: times before 1970 in file trees (images/toolbox/src/files/times.ts makes a Date of each).
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm install --silent --no-fund --no-audit node@24.21.0
cat > try.mjs <<'JS'
import { statSync, utimesSync, writeFileSync } from 'node:fs';

writeFileSync('file', '');
console.log(`Node ${process.version}`);
for (const [name, time] of [['number -86400', -86_400], ['string "-86400"', '-86400'], ['Date', new Date(-86_400_000)]]) {
  utimesSync('file', time, time);
  const { mtime } = statSync('file');
  console.log(`${name}: ${Math.abs(Date.now() - mtime.getTime()) < 60_000 ? 'now' : mtime.toISOString()}`);
}
JS
./node_modules/.bin/node try.mjs | tee seen
cat > expected <<'TEXT'
number -86400: now
string "-86400": 1969-12-31T00:00:00.000Z
Date: 1969-12-31T00:00:00.000Z
TEXT
tail -n +2 seen | diff expected - && echo 'as described'
