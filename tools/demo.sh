#!/bin/sh
# The main job, as a person would do it: see, plan, review, apply, plan again. Everything happens on this machine, in a copy.
# ENGINE=temporal does it through a Temporal server and two workers on loopback.
set -eu
engine=${ENGINE:-inline}
bin="$(pwd)/$BIN"
vend="$bin/vend"
work=$(mktemp -d)
cp -R account-requests terraform vending.yaml "$work"
if [ -d .git ]; then cp -R .git "$work"; fi
step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

cd "$work"
workers=''
server=''
end() { # tell processes to end, and wait until they have
  for pid in $1; do kill "$pid" 2>/dev/null || true; done
  for pid in $1; do wait "$pid" 2>/dev/null || true; done
}
leave() {
  trap '' INT TERM HUP # whoever is told to go twice would leave processes behind
  end "$workers"
  end "$server"
  "$vend" sandbox stop
  rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP
"$vend" sandbox start --creation-delay 2
eval "$("$vend" sandbox env)"

# In a session of its own, so that Ctrl-C tells `vend apply` alone, which finishes what runs; leave() ends the others.
apart() { exec "$bin/python" -c 'import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])' "$@"; }
worker() { apart "$vend" worker --grace 5 >"worker-$1.log" 2>&1 & workers="$workers $!"; echo "Worker $1 is process $!."; }
free_ports() {
  "$bin/python" -c 'import socket; a, b = socket.socket(), socket.socket(); a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0)); print(a.getsockname()[1], b.getsockname()[1])'
}
await_server() {
  tries=0
  until "$bin/temporal" operator cluster health --address "127.0.0.1:$1" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -eq 100 ] || ! kill -0 "$server" 2>/dev/null; then
      echo "demo: the Temporal server does not answer on port $1; its last words:" >&2
      tail -n 5 server.log >&2
      exit 1
    fi
    sleep 0.2
  done
}
if [ "$engine" = temporal ]; then
  step 'A Temporal server and two workers (temporal server start-dev, vend worker)'
  ports=$(free_ports)
  port=${ports% *}
  page=${ports#* }
  apart "$bin/temporal" server start-dev --ip 127.0.0.1 --port "$port" --ui-port "$page" --log-level error >server.log 2>&1 & server=$!
  sed -i.orig "s/^engine: .*/engine: {kind: temporal, address: \"127.0.0.1:$port\", accounts: 5}/" vending.yaml
  await_server "$port"
  worker 1
  worker 2
  echo "Temporal's web page is at http://127.0.0.1:$page. Try: kill -9 PROCESS of a worker while it applies; the other one goes on."
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
