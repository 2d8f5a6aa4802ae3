# Prints one line "changed WHAT" for each thing that a person changed by hand below $1, a project's directory.
# It looks only at files of the current release, at the firewall as it was confirmed, and at Docker's rules.
# It runs as root, because some of the files are secrets. It also prints one line "content WHAT VOLUME" for
# each volume of the project (look.sh comes before this). $2, if not empty: Docker hangs, so it is not asked.
if [ -n "${2-}" ]; then
  answers=
elif volumes=$(docker volume ls -q --filter "name=${1##*/}_" </dev/null 2>/dev/null); then
  answers=yes
  [ -z "$volumes" ] || docker volume inspect -f "{{.Name}} $where" $volumes </dev/null 2>/dev/null | while read -r volume at; do
    case $volume in "${1##*/}"_*) look_at "$at" && echo "content $content $volume" ;; esac
  done
else
  answers=
fi
cd "$1" 2>/dev/null || exit 0
release=$(readlink current) || exit 0
while read -r name; do
  sum=$(sha256sum <"files/$name")
  # The name of a secret is a keyed digest, and its sum is beside the list.
  [ "${sum%% *}" = "$name" ] || grep -qxF -e "${sum%% *} $name" "$release/files.sum" || echo "changed files/$name"
done <"$release/files.list" 2>/dev/null
[ -n "${2-}" ] || outdated "${1##*/}" "$1" "$release/files.list" | while read -r _ name; do echo "changed files/$name"; done
while read -r want name; do
  [ "$name" != - ] || name=compose.yaml
  sum=$(sha256sum <"$release/$name") && [ "${sum%% *}" = "$want" ] || echo "changed $name"
done <"$release/sum" 2>/dev/null
if [ -e ../.firewall/live ]; then
  read -r want _ <../.firewall/live
  sum=$(nft -s list table inet jtel 2>/dev/null | sha256sum)
  [ "${sum%% *}" = "$want" ] || echo "changed firewall"
fi
# Docker makes its rules when it starts. The set-up left a mark if it saw some.
if [ -n "$answers" ] && [ -e ../.docker-rules ]; then
  iptables -w 10 -t nat -n -L DOCKER >/dev/null 2>&1 || nft list table ip docker-bridges >/dev/null 2>&1 || echo "changed docker-rules"
fi
