#!/bin/sh
# Installs the pinned packages, including Node 24, if node_modules does not match package-lock.json.
# It needs only npm, whose own Node may be older. The user's npm configuration (proxy, CA file, …) stays as it is.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
  echo 'npm is not installed. On Debian: apt-get install npm' >&2
  exit 1
fi

is_installed() {
  node scripts/installed.cjs && node_modules/.bin/node --version 2>/dev/null | grep -q '^v24\.'
}

is_installed && exit 0
# One at a time: two makes in one tree must not delete each other's node_modules.
exec 9<package.json
flock 9
is_installed && exit 0

echo 'Installing the packages of package-lock.json with npm ci (a minute or two, only when they changed) …' >&2
npm ci --no-audit --no-fund --loglevel=error >&2

if ! node_modules/.bin/node --version 2>/dev/null | grep -q '^v24\.'; then
  cat >&2 <<'END'
node_modules/.bin/node is not Node 24. The npm package "node" brings it with an install script, which did not run or failed:
  - npm config get ignore-scripts   must be false
  - package.json "allowScripts"     must allow "node" (it does; npm 11 and later read it)
  - run: rm -rf node_modules && npm ci --foreground-scripts   and read what the install script of "node" says
END
  exit 1
fi
