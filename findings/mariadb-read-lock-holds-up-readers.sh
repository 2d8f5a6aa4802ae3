#!/bin/bash
# A backup that wants tables without transactions as they are at one moment holds them by LOCK TABLES … READ in one connection, and reads
# them in others. One would guess: a READ lock lets readers in. What happens (10.11, 11.8): once a writer waits for that lock, every new reader
# queues behind it, so until the holder, which waits for the readers, lets go: behind an UPDATE in Aria, MyISAM and MEMORY, behind an
# INSERT in MEMORY only (the others append rows beside readers), in InnoDB never. SELECT HIGH_PRIORITY passes the queue.
# Debian's packages, unpacked beside the system; nothing is installed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || :; }; rm -rf "$work"' EXIT
cd "$work"
if [ "$(id -u)" = 0 ]; then chown _apt "$work"; fi
series=$(apt-cache policy mariadb-server-core | sed -n 's/^  Candidate: //p')
case $series in 1:10.11.* | 1:11.8.*) ;; *) echo "MariaDB $series was not looked at"; exit 1 ;; esac
libraries=$(apt-cache depends mariadb-server-core mariadb-client-core | sed -n 's/^  Depends: \(lib[^<]*\)$/\1/p' | grep -v '^libc6$' | sort -u)
# shellcheck disable=SC2086 # one word each
apt-get download -qq mariadb-server-core mariadb-server mariadb-client-core $libraries 2> /dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
bin=$work/root/usr
export LD_LIBRARY_PATH=$bin/lib/$(uname -m)-linux-gnu
chmod 755 "$work"
user=$(id -un)
"$bin/bin/mariadb-install-db" --no-defaults --basedir="$bin" --datadir="$work/data" --user="$user" --auth-root-authentication-method=normal \
  --skip-test-db > install.log 2>&1 || { grep -v "^$" install.log | head -20; exit 1; }
"$bin/sbin/mariadbd" --no-defaults --basedir="$bin" --datadir="$work/data" --socket="$work/socket" --skip-networking --user="$user" 2> server.log &
server=$!
sql() { "$bin/bin/mariadb" --no-defaults --socket="$work/socket" --user=root --batch --skip-column-names "$@"; }
for _ in $(seq 100); do sql -e 'SELECT 1' > /dev/null 2>&1 && break; sleep 0.2; done
sql -e 'CREATE DATABASE d'

# Says "at once" or "waits" of a reader, while one connection holds the READ lock and a writer waits for it.
reader() {
  sql -e "SET lock_wait_timeout = 2; $1" > /dev/null 2>&1 && echo 'at once' || echo 'waits'
}
look() {
  local engine=$1 holder writer
  sql -e "CREATE TABLE d.$engine (id INT PRIMARY KEY) ENGINE = $engine; INSERT INTO d.$engine VALUES (1), (2), (3)"
  mkfifo "$engine"
  sql < "$engine" & holder=$!
  exec 7> "$engine"
  echo "LOCK TABLES d.$engine READ;" >&7
  until sql -e "SELECT 1 FROM information_schema.processlist WHERE command = 'Sleep'" | grep -q 1; do sleep 0.1; done
  sql -e "UPDATE d.$engine SET id = 4 WHERE id = 3" & writer=$!
  until sql -e "SELECT state FROM information_schema.processlist WHERE info LIKE 'UPDATE%'" | grep -qi 'lock'; do sleep 0.1; done
  echo "$engine: $(reader "SELECT COUNT(*) FROM d.$engine"); with HIGH_PRIORITY: $(reader "SELECT HIGH_PRIORITY COUNT(*) FROM d.$engine")"
  echo 'UNLOCK TABLES;' >&7
  exec 7>&-
  wait "$holder" "$writer"
}
echo "MariaDB $series, a reader beside the holder of a READ lock that a writer waits for:"
{ look Aria; look MEMORY; look MyISAM; look InnoDB; } | tee seen
echo 'expected if a READ lock let readers in: all at once'
diff seen - << 'END'
Aria: waits; with HIGH_PRIORITY: at once
MEMORY: waits; with HIGH_PRIORITY: at once
MyISAM: waits; with HIGH_PRIORITY: at once
InnoDB: at once; with HIGH_PRIORITY: at once
END
