#!/bin/sh
# Node's "single executable applications" say of useCodeCache that a script starts faster because its compiled code is in the blob.
# One would guess: the same Node makes the same blob from the same script; and if a seed is random, fixing any of V8's seeds helps.
# What happens: every blob differs. With --hash-seed=1 all are the same, but the executable refuses the cache at every start (it counts that
# option among those that must be equal, and says so on stderr in the middle of the program's output). --random-seed=1 does both: the
# blobs are the same, and the cache is accepted. Whoever wants a reproducible release finds the first by luck and ships the second.
set -eu
version=24.21.0 postject=1.0.0-alpha.6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@$version" "postject@$postject" >/dev/null
PATH=$work/node_modules/.bin:$PATH
# Enough code for V8 to draw lots: names as keys of objects, and functions that it compiles at once.
node -e 'for (let i = 0; i < 3000; i++) console.log(`const f${i} = (function () { return { a${i}: ${i}, b${i}: "x${i}" }; })();`); console.log("console.log(\"done\")")' >main.cjs
echo '{"main":"main.cjs","output":"blob","disableExperimentalSEAWarning":true,"useCodeCache":true}' >sea.json

# blobs OPTION: how many different blobs three builds make, and what an executable made of the last one says on stderr.
blobs() {
  for _ in 1 2 3; do
    node $1 --experimental-sea-config sea.json >/dev/null 2>&1
    sha256sum blob
  done | sort -u | wc -l >count
  cp node_modules/node/bin/node program
  postject program NODE_SEA_BLOB blob --sentinel-fuse NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2 >/dev/null 2>&1
  ./program >/dev/null 2>stderr
  cache=accepted
  if grep -q 'Code cache data rejected' stderr; then cache=rejected; fi
  echo "$(cat count) $cache"
}

plain=$(blobs '')
hash=$(blobs --hash-seed=1)
random=$(blobs --random-seed=1)
echo "node $version, three blobs of one script: different ones, and the cache at the start"
echo "  without options:  $plain; expected: 1 accepted"
echo "  --hash-seed=1:    $hash; expected: 1 accepted"
echo "  --random-seed=1:  $random"
[ "$plain" = '3 accepted' ] && [ "$hash" = '1 rejected' ] && [ "$random" = '1 accepted' ]
