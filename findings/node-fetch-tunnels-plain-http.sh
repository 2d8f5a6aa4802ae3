#!/bin/sh
# Node's two HTTP clients take the same HTTP_PROXY in different ways. One would guess: a plain http address is asked of the proxy as
# "GET http://host/…", as curl, apt, dockerd and Node's own http.get do it. What happens: fetch asks for a tunnel, "CONNECT host:80".
# Squid as Debian ships it lets CONNECT through to port 443 only, so with it a store with a plain http endpoint is reached by the
# uploads of a job (http.request) and by none of its downloads (fetch). https addresses are tunnelled by both.
set -eu
version=24.21.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@$version" >/dev/null
cat >try.mjs <<'END'
import http from 'node:http';
const asked = [];
const proxy = http.createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end('through the proxy');
});
proxy.on('connect', (request, socket) => {
  asked.push(`CONNECT ${request.url}`);
  socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
http.setGlobalProxyFromEnv({ HTTP_PROXY: `http://127.0.0.1:${proxy.address().port}` });
const got = await new Promise((resolve) => http.get('http://store.example/a', (response) => response.on('data', (text) => resolve(String(text)))));
const fetched = await fetch('http://store.example/a').then((response) => response.text(), (error) => `${error.message}: ${error.cause?.cause?.message ?? error.cause?.message}`);
proxy.close();
console.log(`node ${process.version}\nhttp.get asked: ${asked[0]}\n  and got: ${got}\nfetch asked:    ${asked[1]}\n  and got: ${fetched}`);
process.exit(asked[0] === 'GET http://store.example/a' && asked[1] === 'CONNECT store.example:80' ? 0 : 1);
END
"$work/node_modules/.bin/node" try.mjs
