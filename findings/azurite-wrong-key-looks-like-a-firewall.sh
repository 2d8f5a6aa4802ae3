#!/bin/sh
# Azure Blob Storage has one code for a wrong key and another for a client that the account's network rules do not let in: Microsoft's
# "Status and error codes" has 403 AuthenticationFailed for a signature that does not match, and AuthorizationFailure is what people see who come
# from an address that is not allowed. One would guess: its emulator answers a wrong key with AuthenticationFailed.
# What happens: Azurite answers AuthorizationFailure. Code that tells the two apart, tested with the emulator alone, tells users of a wrong key to
# open a firewall, or users behind a firewall to exchange a good key.
set -eu
version=3.37.0 client=12.34.0
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
server=
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" "node@24.21.0" "azurite@$version" "@azure/storage-blob@$client" >/dev/null
PATH=$work/node_modules/.bin:$PATH
cat >port.mjs <<'END'
import net from 'node:net';
const server = net.createServer().listen(0, '127.0.0.1', () => { console.log(server.address().port); server.close(); });
END
port=$(node port.mjs)
AZURITE_ACCOUNTS="acme:$(printf 'the key of the account' | base64)" node node_modules/azurite/dist/src/blob/main.js \
  --blobHost 127.0.0.1 --blobPort "$port" --inMemoryPersistence --skipApiVersionCheck --silent --disableTelemetry >/dev/null &
server=$!
cat >try.mjs <<'END'
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
const [port, version] = process.argv.slice(2);
const key = Buffer.from('another key').toString('base64');
const service = new BlobServiceClient(`http://127.0.0.1:${port}/acme`, new StorageSharedKeyCredential('acme', key), { retryOptions: { maxTries: 20, retryDelayInMs: 500 } });
const error = await service.getProperties().catch((thrown) => thrown);
console.log(`azurite ${version}, a wrong key: ${error.statusCode} ${error.code}; expected: 403 AuthenticationFailed`);
process.exit(error.statusCode === 403 && error.code === 'AuthorizationFailure' ? 0 : 1);
END
node try.mjs "$port" "$version"
