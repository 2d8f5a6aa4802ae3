# Answers one line "DEPTH PROJECT" on stdin after the other, and ends with its stdin: one channel for the life of a connection,
# so that a look at a host costs one round trip and no new session. $1 ends each answer, $2 is check.sh. Needs nothing that is not in Debian's
# base system, and no more rights than any user's. What is not a fork is a builtin on purpose: a fork costs 2 ms.
while read -r depth project; do
  p=/opt/jtel/$project
  m=
  read -r m </etc/machine-id
  printf "machine %s\n" "$m"
  if [ "$depth" = full ]; then
    (. /etc/os-release; printf "os %s\nos-version %s\nos-name %s\n" "${ID-}" "${VERSION_ID-}" "${PRETTY_NAME-}")
    printf "clock %s\narchitecture %s\ncores %s\n" "$(date +%s)" "$(uname -m)" "$(nproc)"
    while read -r k v u; do
      if [ "$k" = MemTotal: ]; then printf "memory %s\n" "$v"; break; fi
    done </proc/meminfo
    for f in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
      if [ -r "$f" ]; then read -r v <"$f"; printf "memory-limit %s\n" "$v"; fi
    done
    printf "zone %s\n" "$(readlink /etc/localtime)"
    if [ -r /etc/timezone ]; then read -r v </etc/timezone; printf "zone-name %s\n" "$v"; fi
    if [ -w /etc ] || sudo -n true </dev/null 2>/dev/null; then echo "sudo yes"; fi
    if [ -r "$p/fence" ]; then
      if [ -w /etc ]; then sh -c "$2" jtel-check "$p"; else sudo -n sh -c "$2" jtel-check "$p"; fi </dev/null 2>/dev/null
    fi
    printf "compose %s\n" "$(docker compose version --short </dev/null 2>/dev/null)"
  fi
  d=/var/lib/docker
  [ -d "$d" ] || d=/var/lib
  stat -f -c "disk %S %b %a" "$d"
  if [ -r "$p/fence" ]; then
    read -r e o f <"$p/fence"
    printf "fence %s %s %s\n" "$e" "$o" "$f"
  fi
  for r in "$p"/releases/*; do
    if [ -e "$r/compose.yaml" ]; then printf "release %s\n" "${r##*/}"; fi
  done
  if cd -P "$p/current" 2>/dev/null; then
    printf "current %s\n" "${PWD##*/}"
    cd /
  fi
  if [ -r "$p/state.json" ]; then
    echo state
    cat "$p/state.json"
  fi
  printf "%s\n" "$1"
done
