#!/bin/sh
# @azure/storage-blob lets users put policies of their own into a pipeline: `newPipeline(credential).factories.push(factory)`. A policy's
# sendRequest() hands the request on and gets the answer back.
#
# One would guess: such a policy sees each request as it goes out, retries included, and the answer as it came, before it is parsed.
# What happens (12.34.0): it stands outside of the retries, and gets answers that are parsed already. Whoever wants to bound, count or change
# what a server sends is too late: the whole body was read, and its XML was parsed on the main thread. If the class of the factory is called
# "InjectorPolicyFactory", the same code stands inside: it sees each try, and the text. The name of a class decides (and so does a minifier).
set -eu
version=12.34.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@24.21.0" "@azure/storage-blob@$version" >/dev/null
PATH=$work/node_modules/.bin:$PATH
cat >try.mjs <<'JS'
import { createServer } from 'node:http';
import { AnonymousCredential, ContainerClient, newPipeline } from '@azure/storage-blob';

const page =
  '<?xml version="1.0"?><EnumerationResults ServiceEndpoint="http://h/" ContainerName="c"><Blobs></Blobs><NextMarker/></EnumerationResults>';
let tries = 0;
const server = createServer((_request, response) => {
  tries += 1;
  // The first try fails in a way that the client repeats.
  response.writeHead(tries % 2 === 1 ? 503 : 200, { 'content-type': 'application/xml' }).end(tries % 2 === 1 ? '' : page);
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

class PolicyFactory {
  seen = [];
  create(next) {
    return {
      sendRequest: async (request) => {
        const answer = await next.sendRequest(request);
        this.seen.push(`${answer.status} ${answer.parsedBody === undefined ? 'as text' : 'parsed'}`);
        return answer;
      },
    };
  }
}
class InjectorPolicyFactory extends PolicyFactory {}

const results = [];
for (const Factory of [PolicyFactory, InjectorPolicyFactory]) {
  const factory = new Factory();
  const pipeline = newPipeline(new AnonymousCredential(), { retryOptions: { maxTries: 2, retryDelayInMs: 1 } });
  pipeline.factories.push(factory);
  const client = new ContainerClient(`http://127.0.0.1:${server.address().port}/c`, pipeline);
  for await (const _ of client.listBlobsFlat());
  results.push(`${Factory.name}: ${factory.seen.join(', ')}`);
}
server.close();
server.closeAllConnections();
console.log(results.join('\n'));
JS
echo "@azure/storage-blob $version"
node try.mjs | tee seen
cat >expected <<'TEXT'
PolicyFactory: 200 parsed
InjectorPolicyFactory: 503 as text, 200 as text
TEXT
cmp seen expected
