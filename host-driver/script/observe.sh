# Answers lines "DEPTH PROJECT" on stdin, one after the other, and ends with its stdin. A connection uses one
# channel for all of them, so a look at a host costs one round trip and no new session. $1 marks begin and end
# of each answer; $2 is check.sh. It needs only Debian's base system and the rights of any user. It uses
# builtins wherever it can, because a fork costs 2 ms.

# Prints "KEY BLOCK_SIZE BLOCKS AVAILABLE ID" of the file system below directory $2, or of its nearest parent.
# Only root may enter Docker's private directories.
space() {
  d=$2
  until stat -f -c "$1 %S %b %a %i" "$d" 2>/dev/null || sudo -n stat -f -c "$1 %S %b %a %i" "$d" </dev/null 2>/dev/null; do
    d=${d%/*}
    [ -n "$d" ] || d=/
    [ "$d" != / ] || break
  done
  [ "$d" != / ] || stat -f -c "$1 %S %b %a %i" /
}

# Finds out where Docker keeps its data: volumes below $root, images in $images. Sets $hangs if Docker does not answer: a
# daemon that hangs must not look like a host that does, and what is not known is not guessed. Sets $compose to its version, if
# Docker's client says it; it says that first, because it breaks off where the daemon would come in.
ask_docker() {
  v=$(timeout -k 1 15 docker info --format "$said" </dev/null 2>/dev/null)
  case $? in 124 | 137) compose= hangs=hangs; return ;; *) hangs= ;; esac
  compose=${v%%|*} v=${v#*|}
  case $v in
  /*)
    root=${v%% *} images=${v%% *}
    # With containerd's image store, images are not below Docker's directory, unless Docker runs its own
    # containerd.
    case $v in
    *io.containerd.snapshotter*)
      images=$(sed -n "s/^ *root *= *[\"']\([^\"']*\).*/\1/p" /etc/containerd/config.toml 2>/dev/null | head -n 1)
      images=${images:-/var/lib/containerd}
      if [ ! -d "$images" ]; then images=$root; fi
      ;;
    esac
    ;;
  *) root=${root:-/var/lib/docker} images=${images:-$root} ;;
  esac
}

said='{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{.Version}}{{end}}{{end}}|{{.DockerRootDir}} {{.DriverStatus}}'
root= images= hangs= compose=
while read -r depth project; do
  printf "begin-%s\n" "$1"
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
    ask_docker
    if [ -r "$p/fence" ]; then
      if [ -w /etc ]; then sh -c "$2" jtel-check "$p" "$hangs"; else sudo -n sh -c "$2" jtel-check "$p" "$hangs"; fi </dev/null 2>/dev/null
    fi
    # Also where nothing of ours is: without room there, nothing starts.
    timeout 5 stat -f -c 'room %S %a %c %d %n' /run /tmp /opt/jtel 2>/dev/null
    if [ -n "$root" ]; then printf "data-root %s\n" "$root"; fi
    # That takes three processes of Docker's, so it is asked only if there was no other answer.
    printf "compose %s\n" "${compose:-$(timeout 15 docker compose version --short </dev/null 2>/dev/null)}"
  elif [ -z "$root" ]; then
    ask_docker
  fi
  if [ -n "$root" ]; then
    # Volumes may have their own file system. Reading the list of mounts costs no fork.
    v=$root
    while read -r _ m _; do
      if [ "$m" = "$root/volumes" ]; then v=$m; fi
    done </proc/mounts
    space disk "$v"
    if [ "$images$v" != "$root$root" ]; then space image-disk "$images"; fi
  else
    echo no-disk
  fi
  if [ -r "$p/fence" ]; then
    read -r e o f <"$p/fence"
    printf "fence %s %s %s\n" "$e" "$o" "$f"
  fi
  # A release that an older driver shipped lacks files that "up" reads. It counts as not there.
  for r in "$p"/releases/*; do
    if [ -e "$r/compose.yaml" ] && [ -e "$r/starts.list" ] && [ -e "$r/create.yaml" ] && [ -e "$r/create-old-docker.yaml" ]; then
      printf "release %s\n" "${r##*/}"
    fi
  done
  if cd -P "$p/current" 2>/dev/null; then
    printf "current %s\n" "${PWD##*/}"
    cd /
  fi
  if [ -r "$p/state.json" ]; then
    echo state
    cat "$p/state.json"
  fi
  printf "end-%s\n" "$1"
done
