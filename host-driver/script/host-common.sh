#!/bin/sh
# The one script that changes a compose host. The driver installs it once as /opt/jtel/.bin/jtel-host-<sha256>
# and calls it, with sudo where the SSH user is not root, as
#
#   jtel-host VERB PROJECT EPOCH OWNER TIMEOUT_SECONDS [ARGUMENT...]
#
# Each call takes the project's lock, checks that the caller is the owner and that its epoch is not outdated,
# does one idempotent step with a time limit, and ends. Data come on stdin, after a line with their SHA-256.
# The exit codes are the contract with script/run.ts.
set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
unset COMPOSE_FILE COMPOSE_PROFILES COMPOSE_PROJECT_NAME COMPOSE_ENV_FILES DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG

OWNED=80 FENCED=81 MACHINE=82 STALE=83 FAILED=84 BUSY=85 USAGE=86 COMPOSE=87 TIMED_OUT=88 SETUP=89 NO_DOCKER=90 MOVED=91 MADE_WAY=92 DATA_MISSING=94 HANGS=95

die() {
  code=$1
  shift
  printf '%s\n' "$*" >&2
  [ "$code" != "$FAILED" ] || say_where_full >&2
  exit "$code"
}

# Names the file systems that can take nothing more, because what failed seldom says which it was.
say_where_full() {
  for at in /opt/jtel /var/lib/docker /var/lib/containerd /run /tmp /var /; do
    [ -d "$at" ] || continue
    if [ ! -w "$at" ]; then echo "read-only: $at"; fi
    # Block size, free blocks, inodes, free inodes. Some file systems count no inodes.
    set -- $(timeout 5 stat -f -c '%S %a %c %d' "$at" 2>/dev/null)
    [ $# = 4 ] || continue
    if [ "$(($1 * $2))" -lt 65536 ]; then echo "full: $at"; fi
    if [ "$3" -gt 0 ] && [ "$4" = 0 ]; then echo "no inodes left: $at"; fi
  done
}

[ $# -ge 5 ] || die "$USAGE" "usage: jtel-host VERB PROJECT EPOCH OWNER TIMEOUT_SECONDS [ARGUMENT...]"
verb=$1 project=$2 epoch=$3 owner=$4 seconds=$5
shift 5
case $project in '' | [!a-z0-9]* | *[!a-z0-9_-]*) die "$USAGE" "not a project name" ;; esac
case $epoch in '' | *[!0-9]*) die "$USAGE" "not an epoch" ;; esac
case $owner in '' | *[!0-9a-f]*) die "$USAGE" "not an owner's digest" ;; esac
case $seconds in '' | *[!0-9]*) die "$USAGE" "not a number of seconds" ;; esac

base=/opt/jtel
dir=$base/$project
patience=60
trap 'die "$HANGS" "no answer within $patience s"' USR1

# The lock file is in the directory that destroy removes. So after we got the lock, we check that the file is
# still in place. The next in line holds another lock while it waits, so the present holder can see it.
lock() {
  while :; do
    if [ "$verb" = claim ]; then
      mkdir -p "$dir" || die "$FAILED" "cannot create $dir"
    fi
    [ -d "$dir" ] || return 1
    { command exec 9>>"$dir/lock" && command exec 7>>"$dir/next"; } || die "$FAILED" "cannot open $dir/lock"
    { flock -w 60 7 && flock -w 60 9; } || die "$BUSY" "another operation holds $dir/lock$(holder)"
    exec 7>&-
    if [ "$dir/lock" -ef /proc/self/fd/9 ]; then
      printf '%s since %s\n' "$verb" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$dir/lock"
      return 0
    fi
  done
}

# Stores stdin in a file, checks that all of it arrived, and makes that file the new stdin. A caller that
# breaks off has sent only a part, or nothing, and its end looks like any other. Then state.json would be
# empty, or data sets would be missing from the list. Call it with the lock held.
whole_stdin() {
  input=$dir/.stdin
  rm -f "$input"
  read -r sum || sum=none
  # It may hold a password.
  (umask 077 && cat >"$input") || die "$FAILED" "cannot store what was sent"
  have=$(sha256sum <"$input")
  exec <"$input"
  rm -f "$input"
  [ "${have%% *}" = "$sum" ] || die "$FAILED" "what was sent did not arrive whole"
}

# Says what holds the lock, and since when, for a caller that waited in vain.
holder() {
  said=$(head -c 80 "$dir/lock" 2>/dev/null | tr -cd 'a-zA-Z0-9 :-')
  [ -z "$said" ] || printf ' (%s)' "$said"
}

# True if somebody else waits for the lock that this call holds.
is_awaited() {
  ! flock -n "$dir/next" true
}

put_fence() {
  printf '%s %s %s\n' "$epoch" "$owner" "$machine" >"$dir/.fence.new" && sync "$dir/.fence.new" && mv -f "$dir/.fence.new" "$dir/fence" ||
    die "$FAILED" "cannot write $dir/fence"
}

# Checks the right to change this host: the same machine as at the claim, the same owner, and an epoch that is
# not older than the newest seen. A claim with a newer epoch may take over from the owner that it names ($1).
check_fence() {
  machine=
  read -r machine </etc/machine-id
  has_epoch='' has_owner='' has_machine=''
  if [ -e "$dir/fence" ]; then
    read -r has_epoch has_owner has_machine <"$dir/fence"
    [ "$has_machine" = "$machine" ] || die "$MACHINE" "claimed on machine $has_machine, this is $machine"
    if [ "$verb" = claim ] && [ "$has_owner" = "${1-}" ] && [ "$epoch" -gt "$has_epoch" ]; then
      has_epoch=
    elif [ "$has_owner" != "$owner" ]; then
      cat "$dir/state.json" 2>/dev/null
      die "$OWNED" "owned by another stack"
    fi
    [ -z "$has_epoch" ] || [ "$epoch" -ge "$has_epoch" ] || die "$FENCED" "epoch $epoch is older than $has_epoch"
  elif [ "$verb" != claim ]; then
    die "$FENCED" "nobody claimed $dir"
  fi
  [ "$has_epoch" = "$epoch" ] || put_fence
}

# Only the driver writes state.json, and it indents top-level keys by two spaces (state.ts).
is_moved() {
  grep -q '^  "moved": {' "$dir/state.json" 2>/dev/null
}

refuse_moved() {
  if is_moved; then
    die "$MOVED" "$(sed -n '/^  "moved": {/,/^  }/p' "$dir/state.json" | tr -d '\n')"
  fi
}

# Prints one line for each data set on stdin ("KIND SET VOLUME DIRECTORY") that was loaded, as state.json
# says, and is not in its volume. The words are those of missing-data.ts. compose would make empty volumes in
# their place.
missing_data() {
  loaded=$(sed -n '/^  "data": {/,/^  }/p' "$dir/state.json" 2>/dev/null)
  case $loaded in '' | *'"state": "Incomplete"'*) return 0 ;; esac
  sets=$(printf '%s\n' "$loaded" | sed -n '/^    "dataSets": \[/,/\]/p')
  while read -r kind set volume directory; do
    case $sets in '') [ "$kind" = Database ] || continue ;; *"\"$set\""*) ;; *) continue ;; esac
    look_into "$volume" "$directory" </dev/null
    case $kind:$content in
    *:missing) what='does not exist' ;;
    *:loading) what='holds the remains of an unfinished load' ;;
    Database:bare) what='holds a database without any table' ;;
    # The directory is known, so anything else there is not a database.
    Database:data) if [ -n "$directory" ]; then what='holds no database'; else continue; fi ;;
    *:empty) what='is empty' ;;
    Database:marked) what='holds only the mark of its load' ;;
    *) continue ;;
    esac
    if [ "$kind" = Database ]; then echo "the database: volume $volume $what"; else echo "file tree $set: volume $volume $what"; fi
  done
}

# Sets $api to the daemon's newest API version.
need_docker() {
  patience=20
  api=$(docker version --format '{{.Server.APIVersion}}' 2>/dev/null) || no_docker
  patience=60
}

# Also for a daemon that went away in the middle, as in a shutdown: its silence must not look like "there is
# nothing".
no_docker() {
  die "$NO_DOCKER" "no Docker daemon answers"
}

# timeout(1) exits with 124, or with 137 if it had to kill.
bounded() {
  timeout -k 30 "$seconds" "$@"
}

compose_failed() {
  case $1 in 124 | 137) reason=$TIMED_OUT ;; "$MADE_WAY") exit "$MADE_WAY" ;; *) reason=$COMPOSE ;; esac
  {
    say_who_ended
    printable <"$dir/compose.log" | tail -n 6
    # What run.ts looks for may be beyond the end of a line that was cut.
    grep -oiE 'no space left on device|disk quota exceeded|read-only file system' "$dir/compose.log" | sort -u
    say_where_full
  } >&2
  exit "$reason"
}

# Keeps short lines without control characters, which a terminal would obey.
printable() {
  tr -d '\000-\010\013-\037\177' | cut -c 1-200
}

# Prints the last lines of the container that was the first to end with an error since $began, or else of an
# unhealthy one. They name the cause; compose only says that there is one.
say_who_ended() {
  all=$(containers_of)
  [ -n "${began-}" ] && [ -n "$all" ] || return 0
  first=$(docker inspect -f '{{.State.FinishedAt}} {{.State.ExitCode}} {{.RestartCount}} {{with .State.Health}}{{.Status}}{{else}}none{{end}} {{.Id}} {{index .Config.Labels "com.docker.compose.service"}}' $all 2>/dev/null |
    awk -v began="$began" '
      $1 >= began && ($2 != 0 || $3 > 0) { print $1, $5, $6, $2 ? "ended with exit code " $2 : "ended and was restarted"; next }
      $4 == "unhealthy" { print "later", $5, $6, "is unhealthy" }' | sort | head -n 1)
  [ -n "$first" ] || return 0
  id=${first#* }
  what=${id#* }
  printf '%s; its last lines:\n' "$what"
  timeout 10 docker logs --tail 8 "${id%% *}" 2>&1 </dev/null | printable
  echo 'docker compose said:'
}

containers_of() {
  docker ps -aq --filter "label=com.docker.compose.project=$project"
}

# Prints Docker's own proxy settings as lines NAME=VALUE: from its environment, else from its settings, which
# only root may read. For a user without sudo, Docker says them without the password.
docker_proxy() {
  if [ -r "/proc/$(cat /var/run/docker.pid 2>/dev/null)/environ" ]; then
    tr '\0' '\n' <"/proc/$(cat /var/run/docker.pid)/environ" | grep -iE '^(http|https|no)_proxy=.'
    for key in http https no; do
      sed -n "s/.*\"$key-proxy\"[ \t]*:[ \t]*\"\([^\"]*\)\".*/${key}_proxy=\1/p" /etc/docker/daemon.json 2>/dev/null
    done
  else
    docker info --format 'http_proxy={{.HTTPProxy}}
https_proxy={{.HTTPSProxy}}
no_proxy={{.NoProxy}}' 2>/dev/null | grep -v -e '=$' -e '=[a-z]*://xxxxx:xxxxx@'
  fi
}
