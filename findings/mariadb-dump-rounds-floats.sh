#!/bin/bash
# A dump with mariadb-dump is what people call a logical backup. One would guess: a table that is dumped and loaded again has the same
# values. What happens (10.11.19): each FLOAT becomes its first six digits, because the server gives it as text so, and the dump
# has no option for more: 16777215 comes back as 16777200, 1234567 as 1234570. Nothing warns, CHECKSUM TABLE differs. What FLOAT keeps
# is 24 bits, so nine digits would be needed. DOUBLE is exact. Physical backups are not concerned.
# Debian's packages, unpacked beside the system; nothing is installed.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || :; }; rm -rf "$work"' EXIT
cd "$work"
if [ "$(id -u)" = 0 ]; then chown _apt "$work"; fi
series=$(apt-cache policy mariadb-server-core | sed -n 's/^  Candidate: //p')
case $series in 1:10.11.*) ;; *) echo "MariaDB $series was not looked at"; exit 1 ;; esac
libraries=$(apt-cache depends mariadb-server-core mariadb-client-core | sed -n 's/^  Depends: \(lib[^<]*\)$/\1/p' | grep -v '^libc6$' | sort -u)
# shellcheck disable=SC2086 # one word each
apt-get download -qq mariadb-server-core mariadb-server mariadb-client-core mariadb-client $libraries 2> /dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
bin=$work/root/usr
export LD_LIBRARY_PATH=$bin/lib/$(uname -m)-linux-gnu
chmod 755 "$work"
user=$(id -un)
"$bin/bin/mariadb-install-db" --no-defaults --basedir="$bin" --datadir="$work/data" --user="$user" --auth-root-authentication-method=normal \
  --skip-test-db > install.log 2>&1 || { grep -v "^$" install.log | head -20; exit 1; }
"$bin/sbin/mariadbd" --no-defaults --basedir="$bin" --datadir="$work/data" --socket="$work/socket" --skip-networking --user="$user" 2> server.log &
server=$!
sql() { "$bin/bin/mariadb" --no-defaults --socket="$work/socket" --user=root -N "$@"; }
for _ in $(seq 100); do sql -e 'SELECT 1' > /dev/null 2>&1 && break; sleep 0.2; done
sql -e 'CREATE DATABASE a; CREATE DATABASE b; CREATE TABLE a.t (id INT PRIMARY KEY, price FLOAT, exact DOUBLE);
  INSERT INTO a.t VALUES (1, 16777215, 16777215), (2, 1234567, 1234567), (3, 0.1, 0.1), (4, 3.1415927, 3.1415927)'
"$bin/bin/mariadb-dump" --no-defaults --socket="$work/socket" --user=root a > a.sql
sql b < a.sql
# The sum with 0e0 is a DOUBLE, which shows all that the FLOAT has.
values='SELECT id, price + 0e0, exact FROM t ORDER BY id'
sql a -e "$values" > before
sql b -e "$values" > after
echo "MariaDB $series: id, FLOAT as it is, DOUBLE; then what a dump brought back"
paste before after
sql -e 'CHECKSUM TABLE a.t, b.t'
[ "$(cut -f3 before)" = "$(cut -f3 after)" ]
[ "$(sed -n 1p before | cut -f2)" = 16777215 ] && [ "$(sed -n 1p after | cut -f2)" = 16777200 ]
[ "$(sed -n 2p before | cut -f2)" = 1234567 ] && [ "$(sed -n 2p after | cut -f2)" = 1234570 ]
