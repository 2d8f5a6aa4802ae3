#!/bin/sh
# Installs the pinned packages, including Node 24, if node_modules does not match package-lock.json.
# It needs only npm (9 or later), whose own Node may be older. The user's npm configuration (proxy, CA file, …) stays as it is.
#
# No package's install script runs but that of "node", which fetches Node 24 with npm. What it fetches is in no lock file, so no
# script of that runs, either. After this was killed, at whatever point, the next run does what is left.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
  echo 'npm is not installed. On Debian: apt-get install npm' >&2
  exit 1
fi

packages_are_there() { node scripts/installed.cjs; }
node_is_there() { node_modules/.bin/node --version 2>/dev/null | grep -q '^v24\.'; }

packages_are_there && node_is_there && exit 0
# One at a time: two makes in one tree must not delete each other's node_modules.
exec 9<package.json
flock 9

if ! packages_are_there; then
  echo 'Installing the packages of package-lock.json with npm ci (a minute or two, only when they changed) …' >&2
  # First what says that the packages are there: npm deletes it together with them, in no order.
  rm -f node_modules/.package-lock.json
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
fi
if ! node_is_there; then
  echo 'Fetching Node 24 with the install script of the package "node" …' >&2
  # --ignore-scripts is for what that script fetches: npm runs a script that is asked for by name all the same.
  (cd node_modules/node && npm run --ignore-scripts --loglevel=error preinstall) >&2 || true
  # npm ci made no link to a file that was not there yet.
  mkdir -p node_modules/.bin && ln -sf ../node/bin/node node_modules/.bin/node
fi

if ! node_is_there; then
  cat >&2 <<'END'
node_modules/.bin/node is not Node 24. The npm package "node" brings it with an install script, which failed:
  - run: cd node_modules/node && npm run --ignore-scripts preinstall   and read what it says
END
  exit 1
fi
