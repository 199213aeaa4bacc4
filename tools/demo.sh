#!/bin/sh
# The main job, as a person would do it: see, plan, review, apply, plan again. Everything happens on this machine.
set -eu
vend="$BIN/vend"
work=$(mktemp -d)
step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

"$vend" sandbox start --creation-delay 2
trap '"$vend" sandbox stop; rm -rf "$work"' EXIT
eval "$("$vend" sandbox env)"

step 'The organization before (vend observe)'
"$vend" observe
step 'What the account requests change (vend plan)'
"$vend" plan -o "$work/plan.json"
step 'Apply what was reviewed (vend apply --reviewed plan.json)'
"$vend" apply --reviewed "$work/plan.json" --record "$work/run.json"
step 'Plan again: nothing to do (vend plan)'
"$vend" plan -o "$work/again.json"
step 'The organization after (vend observe)'
"$vend" observe
