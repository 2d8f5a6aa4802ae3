#!/bin/sh
# KubeConfig of @kubernetes/client-node and the kubeconfig that kubectl reads. One would guess: calls share connections, as those
# of every Kubernetes client do; a login program (exec) is told in KUBERNETES_EXEC_INFO what it is asked for, which the protocol
# requires; and a KUBECONFIG of several files is merged. What happens: each call has a connection, hence a TLS handshake, of its
# own (a controller that renews a Lease every 2 s makes 43,000 a day); the variable is not set, so programs that read it fail; and
# two files with one user of the same name are refused. Work-arounds: runtime/client, docs/dependencies.md.
set -eu
client=2.0.1
node=24.21.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@$node" "@kubernetes/client-node@$client" >/dev/null
cat >try.mjs <<'END'
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
let connections = 0;
const tokens = new Set();
const server = http.createServer((request, response) => {
  tokens.add(request.headers.authorization);
  response.setHeader('content-type', 'application/json');
  response.end('{"kind":"NamespaceList","apiVersion":"v1","metadata":{},"items":[]}');
});
server.on('connection', () => (connections += 1));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const script = `process.stdout.write(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential',
  status: { token: process.env.KUBERNETES_EXEC_INFO === undefined ? 'not-told' : 'told' } }))`;
const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script], interactiveMode: 'Never' };
const document = {
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${server.address().port}`, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: { exec } }],
};
for (const name of ['first', 'second']) writeFileSync(name, JSON.stringify(document));
const config = new KubeConfig();
config.loadFromFile('first');
const api = config.makeApiClient(CoreV1Api);
for (let i = 0; i < 20; i++) await api.listNamespace();
process.env.KUBECONFIG = 'first:second';
let merged = 'merged';
try {
  new KubeConfig().loadFromDefault();
} catch (error) {
  merged = error.message;
}
console.log(`@kubernetes/client-node ${process.argv[2]}\n20 calls: ${connections} connections\nlogin program: ${[...tokens]}\nKUBECONFIG=first:second: ${merged}`);
process.exit(connections === 20 && tokens.has('Bearer not-told') && merged !== 'merged' ? 0 : 1);
END
env -u KUBERNETES_EXEC_INFO "$work/node_modules/.bin/node" try.mjs "$client"
