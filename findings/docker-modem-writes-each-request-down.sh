#!/bin/sh
# dockerode asks Docker through docker-modem, which uses the "debug" package: with DEBUG=modem it prints each request that it sends.
#
# One would guess: without DEBUG that costs nothing, because "debug" returns at once when nobody listens.
# What happens (5.0.7): the text is made before "debug" is called, by util.inspect in unlimited depth and with hidden fields. Its subject
# are the options of the request, and among them is the agent: with it its sockets, their parsers, and everything else that can be reached
# from there: some 8,000 characters with one plain connection, and far more where the sockets lead through TLS or SSH. Every question
# pays for a text that nobody reads. An agent that shows nothing of itself (util.inspect.custom) ends it.
set -eu
version=5.0.7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@24.21.0" "docker-modem@$version" >/dev/null
PATH=$work/node_modules/.bin:$PATH
cat >try.mjs <<'JS'
import { Agent, createServer } from 'node:http';
import { inspect } from 'node:util';
import Modem from 'docker-modem';

const server = createServer((_request, response) => response.writeHead(200).end('{}'));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

const ask = (agent) =>
  new Promise((resolve, reject) => {
    const modem = new Modem({ protocol: 'http', host: '127.0.0.1', port: server.address().port, agent });
    const question = { path: '/version', method: 'GET', statusCodes: { 200: true } };
    modem.dial(question, (error, answer) => (error ? reject(error) : resolve(answer)));
  });

const agent = new Agent({ keepAlive: true });
let times = 0;
let deepest;
// Counts instead of being written down.
Object.defineProperty(agent, inspect.custom, {
  enumerable: false,
  value: (depth) => {
    times += 1;
    deepest = depth;
    return '';
  },
});
for (let count = 0; count < 3; count += 1) await ask(agent);
console.log(`DEBUG: ${process.env.DEBUG ?? 'not set'}`);
console.log(`questions: 3, times the agent was written down: ${times}, depth left: ${deepest}`);
const usual = new Agent({ keepAlive: true });
await ask(usual);
const text = inspect(usual, { showHidden: true, depth: null });
console.log(`a usual agent with one open connection is a text of more than 5,000 characters: ${text.length > 5_000}`);
usual.destroy();
agent.destroy();
server.close();
JS
echo "docker-modem $version"
env -u DEBUG node try.mjs | tee seen
cat >expected <<'TEXT'
DEBUG: not set
questions: 3, times the agent was written down: 3, depth left: null
a usual agent with one open connection is a text of more than 5,000 characters: true
TEXT
cmp seen expected
