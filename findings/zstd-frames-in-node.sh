#!/bin/sh
# Node's zstd decompressor ends after the first frame, also when that is a skippable one, and reports success.
#
# One would guess: as `zstd -d` and Node's own gunzip do it, all frames of a file are decompressed (RFC 8878, section 3:
#   "the decompressed content of multiple concatenated frames is the concatenation"), and skippable frames are skipped.
# What happens (Node 24.21.0): a file that begins with a skippable frame, as `pzstd` writes every file, gives no byte and no
#   error. Of two joined frames only the first comes when they arrive in one piece; both come when they arrive in small ones.
# Where it mattered: first data that a vendor had packed with pzstd loaded as an empty tree, "loaded"
#   (release/archive/zstd-frames.ts takes files apart by frames).
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm install --silent --no-fund --no-audit node@24.21.0
cat > try.mjs <<'JS'
import { createZstdDecompress, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const [first, second] = ['first ', 'second'].map((text) => zstdCompressSync(text));
// Magic number, length, content (RFC 8878, section 3.1.2).
const skippable = Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), Buffer.from('skip')]);

async function stream(bytes, piece) {
  const decompressor = createZstdDecompress();
  for (let at = 0; at < bytes.length; at += piece) decompressor.write(bytes.subarray(at, at + piece));
  decompressor.end();
  let text = '';
  try {
    for await (const chunk of decompressor) text += chunk;
  } catch (error) {
    return error.code;
  }
  return text;
}

console.log(`Node ${process.version}, zstd ${process.versions.zstd}`);
for (const [name, bytes] of [['skippable frame, then a frame', Buffer.concat([skippable, first])], ['two frames', Buffer.concat([first, second])]]) {
  console.log(`${name}: at once ${JSON.stringify(zstdDecompressSync(bytes).toString())}, stream ${JSON.stringify(await stream(bytes, bytes.length))}, ` +
    `stream in pieces of 5 bytes ${JSON.stringify(await stream(bytes, 5))}`);
}
console.log(`for comparison, two members of gzip: ${JSON.stringify(gunzipSync(Buffer.concat([gzipSync('first '), gzipSync('second')])).toString())}`);
JS
./node_modules/.bin/node try.mjs | tee seen
cat > expected <<'TEXT'
skippable frame, then a frame: at once "", stream "", stream in pieces of 5 bytes ""
two frames: at once "first ", stream "first ", stream in pieces of 5 bytes "first second"
for comparison, two members of gzip: "first second"
TEXT
tail -n +2 seen | diff expected - && echo 'as described'
