# Creates and starts the containers of a project, for the verb `up`. compose also replaces services that
# depend on a replaced one, and its hash includes the edges. So it gets a file without edges (create.yaml) and
# replaces exactly what differs. The order of starts is kept here (starts.list): a line "SERVICE - -" for each
# service in start order, and a line "SERVICE NEED CONDITION" for each edge. Both files come with the release.

# Prints the name of the file for `docker compose create`. API 1.44 and compose 2.21 brought a shorter
# interval of health checks while a container starts. Older ones refuse a file that has it.
create_file() {
  case $api in
  1.[0-9] | 1.[0-3][0-9] | 1.4[0-3]) echo create-old-docker.yaml ;;
  *) case $(docker compose version --short </dev/null) in
    2.20 | v2.20 | 2.20.* | v2.20.*) echo create-old-docker.yaml ;;
    *) echo create.yaml ;;
    esac ;;
  esac
}

# Prints the services given, with all they depend on, in start order. stdin: starts.list.
closure_of() {
  awk -v given=" $* " '
    $2 == "-" { order[++count] = $1; next }
    { needs[$1] = needs[$1] " " $2 }
    END {
      # Goes backwards: what a service needs comes before it.
      for (at = count; at > 0; at--) {
        if (!(order[at] in wanted) && !index(given, " " order[at] " ")) continue
        wanted[order[at]] = 1
        found = split(needs[order[at]], others, " ")
        for (one = 1; one <= found; one++) wanted[others[one]] = 1
      }
      for (at = 1; at <= count; at++) if (order[at] in wanted) print order[at]
    }'
}

# stdin: the containers as docker ps shows them, a line "--", then starts.list. $1: the services wanted, $2:
# those started in this call. Prints "VERB ID SERVICE" (start, unpause, or restart if it failed before this
# call) for a service that can start now, "wait SERVICE" for one that cannot start yet, and "fail SERVICE HOW"
# for one that never will.
next_starts() {
  awk -v wanted=" $1 " -v started=" $2 " '
    function begun(name) { return index(started, " " name " ") }
    /^--$/ { edges = 1; next }
    !edges {
      id[$1] = $2; state[$1] = $3
      health[$1] = /\(healthy\)/ ? "healthy" : /\(unhealthy\)/ ? "unhealthy" : /\(health: starting\)/ ? "starting" : "none"
      done[$1] = /Exited \(0\)/
      next
    }
    !index(wanted, " " $1 " ") { next }
    $2 == "-" { order[++count] = $1; next }
    {
      if ($3 == "service_completed_successfully") {
        isTask[$2] = 1
        if (!done[$2]) late[$1] = 1
        if (begun($2) && state[$2] == "exited" && !done[$2]) bad[$2] = "ended with an error"
      } else if ($3 == "service_healthy") {
        if (state[$2] != "running" || (health[$2] != "healthy" && health[$2] != "none")) late[$1] = 1
        if (state[$2] == "running" && health[$2] == "unhealthy") bad[$2] = "is unhealthy"
        if (begun($2) && (state[$2] == "exited" || state[$2] == "dead" || state[$2] == "restarting")) bad[$2] = "is " state[$2]
      } else if (state[$2] != "running" && !begun($2)) late[$1] = 1
    }
    END {
      for (name in bad) print "fail", name, bad[name]
      for (at = 1; at <= count; at++) {
        name = order[at]
        if (begun(name) || state[name] == "running" || (isTask[name] && done[name])) continue
        verb = state[name] == "paused" ? "unpause" : state[name] == "restarting" ? "restart" : "start"
        print late[name] ? "wait " name : verb " " id[name] " " name
      }
    }'
}

# Removes containers to which somebody gave the project's label, and perhaps the name of one of its own.
# compose does not treat them as its own, and cannot use the name.
remove_strangers() {
  docker ps -a --filter "label=com.docker.compose.project=$project" \
    --format '{{.ID}} hash={{.Label "com.docker.compose.config-hash"}} {{.Label "com.docker.compose.oneoff"}}' |
    while read -r id hash once; do
      if [ "$hash" = hash= ] && [ "$once" != True ]; then bounded docker rm -f "$id" </dev/null >/dev/null; fi
    done
}

# Starts the services $1 in the order of their dependencies, and in parallel if they do not depend on each
# other. A dependency may never become ready. So anyone else who wants the host meanwhile, with a corrected
# spec or to roll the change back, gets it. The caller then tries again, if it still exists.
start_services() {
  wanted=$(printf '%s ' $1)
  started=
  until=$(($(date +%s) + seconds))
  while :; do
    now=$(docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False \
      --format '{{.Label "com.docker.compose.service"}} {{.ID}} {{.State}} {{.Status}}') || return 1
    plan=$({ printf '%s\n--\n' "$now" && cat starts.list; } | next_starts "$wanted" "$started")
    case $plan in
    '') return 0 ;;
    *'fail '*)
      printf '%s\n' "$plan" | sed -n 's/^fail /dependency failed to start: /p'
      return 1
      ;;
    esac
    pids=
    while read -r what id service; do
      [ "$what" != wait ] || continue
      bounded docker "$what" "$id" &
      pids="$pids $!"
      started="$started $service"
    done <<EOF
$plan
EOF
    for pid in $pids; do wait "$pid" || return 1; done
    [ "$(date +%s)" -lt "$until" ] || return 124
    [ -z "$pids" ] || continue
    if is_awaited; then return "$MADE_WAY"; fi
    sleep 0.3
  done
}
