#!/bin/sh
# Two cron libraries that honour time zones give one schedule other runs on the nights when clocks change, and neither tells.
#
# One would guess: `croner` (11.0.1, what TypeScript programs use) and `robfig/cron` (v3.0.1, what the CronJob controller of
#   Kubernetes is built on) agree about a five-field schedule in `Europe/Berlin`, up to the choice of what to do in the hour that is
#   missing or comes twice; and each makes that choice once, for all schedules.
# What happens in spring, when 02:00–03:00 does not exist: robfig skips the whole day, for `30 2 * * *` too. croner runs at 03:00,
#   not half an hour later; `0 2` and `30 2` fall together there. But `0,30 2` and `*/30 2`, of which the first is but a list of those
#   two, are skipped by croner as well: whether a run is caught up hangs on how the minute is written.
# In autumn, when 02:00–03:00 comes twice: robfig runs `30 2` twice, croner once, in the first of the two hours; `0,30 2` and
#   `*/30 2` run four times in both.
# Where it mattered: a backup is asked for by a CronJob or by the operator's own clock, and both have to name it alike, or there
#   are two of one night, or none (docs/decisions/0015-scheduled-backups.md). So a name is the slot's local date, not the time of asking.
# Wants: Go and Node from 22 on.
set -eu
directory=$(mktemp -d)
trap 'chmod -R u+w "$directory"; rm -rf "$directory"' EXIT
cd "$directory"
npm install --silent --no-fund --no-audit --ignore-scripts croner@11.0.1
cat > go.mod <<'TEXT'
module example.com/night

go 1.22

require github.com/robfig/cron/v3 v3.0.1
TEXT
cat > main.go <<'TEXT'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	begin, _ := time.Parse(time.RFC3339, os.Args[1])
	for _, expression := range os.Args[2:] {
		schedule, err := cron.ParseStandard("TZ=Europe/Berlin " + expression)
		if err != nil {
			panic(err)
		}
		fmt.Printf("robfig  %-12s", expression)
		end := begin.Add(24 * time.Hour)
		for next := schedule.Next(begin); next.Before(end); next = schedule.Next(next) {
			fmt.Print(" ", next.UTC().Format("15:04Z"))
		}
		fmt.Println()
	}
}
TEXT
cat > main.mjs <<'TEXT'
import { Cron } from 'croner';
const [begin, ...expressions] = process.argv.slice(2);
const end = new Date(Date.parse(begin) + 86_400_000);
for (const expression of expressions) {
  const cron = new Cron(expression, { timezone: 'Europe/Berlin' });
  const times = [];
  for (let next = cron.nextRun(new Date(begin)); next < end; next = cron.nextRun(next)) times.push(next);
  const told = times.map((time) => ` ${time.toISOString().slice(11, 16)}Z`).join('');
  console.log(`croner  ${expression.padEnd(12)}${told}`);
}
TEXT
GOPATH=$directory/go GOCACHE=$directory/cache go get github.com/robfig/cron/v3@v3.0.1 2> /dev/null
GOPATH=$directory/go GOCACHE=$directory/cache go build -o night .
for begin in 2026-03-28T12:00:00Z 2026-10-24T12:00:00Z; do
  echo "24 hours from $begin"
  for program in ./night 'node main.mjs'; do
    $program "$begin" '0 2 * * *' '30 2 * * *' '0,30 2 * * *' '*/30 2 * * *'
  done
done | sed 's/ *$//' | tee seen
cat > expected <<'TEXT'
24 hours from 2026-03-28T12:00:00Z
robfig  0 2 * * *
robfig  30 2 * * *
robfig  0,30 2 * * *
robfig  */30 2 * * *
croner  0 2 * * *    01:00Z
croner  30 2 * * *   01:00Z
croner  0,30 2 * * *
croner  */30 2 * * *
24 hours from 2026-10-24T12:00:00Z
robfig  0 2 * * *    00:00Z 01:00Z
robfig  30 2 * * *   00:30Z 01:30Z
robfig  0,30 2 * * * 00:00Z 00:30Z 01:00Z 01:30Z
robfig  */30 2 * * * 00:00Z 00:30Z 01:00Z 01:30Z
croner  0 2 * * *    00:00Z
croner  30 2 * * *   00:30Z
croner  0,30 2 * * * 00:00Z 00:30Z 01:00Z 01:30Z
croner  */30 2 * * * 00:00Z 00:30Z 01:00Z 01:30Z
TEXT
diff expected seen && echo 'as described'
