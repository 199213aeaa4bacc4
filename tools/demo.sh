#!/bin/sh
# The main job, as a person would do it: see, plan, review, apply, plan again. Everything happens on this machine, in a copy.
set -eu
vend="$(pwd)/$BIN/vend"
work=$(mktemp -d)
cp -R account-requests terraform vending.yaml "$work"
if [ -d .git ]; then cp -R .git "$work"; fi
step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

cd "$work"
trap '"$vend" sandbox stop; rm -rf "$work"' EXIT
"$vend" sandbox start --creation-delay 2
eval "$("$vend" sandbox env)"

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
