p=/opt/jtel/$2
m=
read -r m </etc/machine-id
printf "machine %s\n" "$m"
if [ "$1" = full ]; then
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
  if [ -w /etc ] || sudo -n true 2>/dev/null; then echo "sudo yes"; fi
  printf "compose %s\n" "$(docker compose version --short 2>/dev/null)"
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
if cd -P "$p/current" 2>/dev/null; then printf "current %s\n" "${PWD##*/}"; fi
if [ -r "$p/state.json" ]; then
  echo state
  cat "$p/state.json"
fi
