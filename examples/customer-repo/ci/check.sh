#!/bin/sh
# Says what each stack would do if this commit were applied, against the live fleet, and changes nothing.
#   ci/check.sh [BASE]    only customers that differ from the commit BASE; without it all
# It needs kubectl with the plug-in jtel, and the rights of docs/kubectl-jtel.md. Exit code 1: something would be refused.
set -eu
cd "$(dirname "$0")/.."
base=${1:-}
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

concerns() {
  [ -z "$base" ] || ! git diff --quiet "$base" -- "customers/$1" fleet
}

for folder in customers/*/; do
  customer=$(basename "$folder")
  concerns "$customer" || continue
  printf '\n== %s\n' "$customer"
  if ! kubectl kustomize "$folder" >"$work/$customer.yaml"; then
    failed=1
  elif ! kubectl get namespace "$customer" >"$work/namespace" 2>&1; then
    if grep -q NotFound "$work/namespace"; then
      echo 'new: there is nothing to compare it with'
    else
      cat "$work/namespace"
      failed=1
    fi
  elif ! kubectl jtel plan "$customer" --namespace "$customer" --filename "$work/$customer.yaml"; then
    failed=1
  fi
done
exit "$failed"
