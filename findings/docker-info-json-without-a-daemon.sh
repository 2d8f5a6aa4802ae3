#!/bin/bash
# `docker info` asks the daemon, and scripts use its exit code to find out whether there is one.
#
# One would guess: the exit code says the same, however the answer is to be formatted.
# What happens (20.10.24): without a daemon, plain `docker info` and `docker info --format '{{.ServerVersion}}'` end with 1, but
# `docker info --format '{{json .}}'` ends with 0 and prints a document that has only ServerErrors and ClientInfo: every field of the
# server is absent, not empty. A template is carried out until it comes to the first field of the server: what stands before it is
# printed, then comes the error. So the parts of the client (its plug-ins, with the version of compose) can be had in one question with
# those of the server, if they stand first. From 26.1 on, such a template ends with 0 as well, and its server's fields are empty.
# Debian's package, unpacked beside the system; nothing is installed, and no daemon is asked.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if [ "$(id -u)" = 0 ]; then chown _apt "$work"; fi
version=$(apt-cache policy docker.io | sed -n 's/^  Candidate: //p')
case $version in 20.10.24*) ;; *) echo "docker.io $version was not looked at"; exit 1 ;; esac
apt-get download -qq docker.io 2> /dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export DOCKER_HOST=unix://$work/nobody-listens DOCKER_CONFIG=$work
docker=$work/root/usr/bin/docker
ask() {
  code=0
  said=$("$docker" info "${@:2}" 2> /dev/null) || code=$?
  echo "$1: exit code $code"
}
{
  ask plain
  ask 'a field of the server' --format '{{.ServerVersion}}'
  ask 'a field of the client first' --format '{{.ClientInfo.Context}}|{{.ServerVersion}}'
  echo "  it says: $said"
  ask 'all as JSON' --format '{{json .}}'
  echo "  it says: $(grep -o '"[A-Za-z]*":' <<< "$said" | tr -d '":' | grep -E '^(ServerErrors|ClientInfo|ServerVersion|Containers)$' | sort | tr '\n' ' ')"
} | tee seen
cat > expected <<'TEXT'
plain: exit code 1
a field of the server: exit code 1
a field of the client first: exit code 1
  it says: default|
all as JSON: exit code 0
  it says: ClientInfo ServerErrors 
TEXT
cmp seen expected || { echo 'no longer as described'; exit 1; }
