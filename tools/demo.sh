#!/bin/sh
# The main job, as a person would do it: see, plan, review, apply, plan again. Everything happens on this machine, in a copy.
# ENGINE=temporal does it through a Temporal server and two workers on loopback.
set -eu
engine=${ENGINE:-inline}
temporal="$(pwd)/$BIN/temporal"
vend="$(pwd)/$BIN/vend"
work=$(mktemp -d)
cp -R account-requests terraform vending.yaml "$work"
if [ -d .git ]; then cp -R .git "$work"; fi
step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

cd "$work"
pids=''
leave() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for pid in $pids; do wait "$pid" 2>/dev/null || true; done
  "$vend" sandbox stop
  rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM
"$vend" sandbox start --creation-delay 2
eval "$("$vend" sandbox env)"

worker() { "$vend" worker --grace 5 >>"worker-$1.log" 2>&1 & pids="$pids $!"; echo "Worker $1 is process $!."; }
if [ "$engine" = temporal ]; then
  step 'A Temporal server and two workers (temporal server start-dev, vend worker)'
  port=${TEMPORAL_PORT:-17233}
  ui=$((port + 1000))
  "$temporal" server start-dev --ip 127.0.0.1 --port "$port" --ui-port "$ui" --log-level never >/dev/null 2>&1 & pids="$pids $!"
  sed -i.orig "s/^engine: .*/engine: {kind: temporal, address: \"127.0.0.1:$port\", accounts: 5}/" vending.yaml
  for try in $(seq 100); do "$temporal" operator cluster health --address "127.0.0.1:$port" >/dev/null 2>&1 && break; sleep 0.2; done
  worker 1
  worker 2
  echo "Temporal's web page is at http://127.0.0.1:$ui. Try: kill -9 PROCESS of a worker while it applies; the other one goes on."
fi

step 'The organization before (vend observe)'
"$vend" observe
step 'What the account requests change (vend plan)'
"$vend" plan
step 'Apply what was reviewed (vend apply --reviewed plan.json)'
"$vend" apply --reviewed plan.json
step 'Plan again: nothing to do, and no Terraform is started (vend plan)'
"$vend" plan -o again.json
step 'The organization after (vend observe)'
"$vend" observe
