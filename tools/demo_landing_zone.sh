#!/bin/sh
# `make run LANDING_ZONE=1`: the main job in a landing zone of Control Tower, then drift, and its repair.
# Accounts come through Account Factory or, with AUTO_ENROLL=1, through units that enroll what is in them.
set -eu
vend="$(pwd)/$BIN/vend"
work=$(mktemp -d)
cp -R samples/landing-zone/. "$work"
enroll=""
case "${AUTO_ENROLL:-0}" in '' | 0) ;; *) enroll=--auto-enroll ;; esac
step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

cd "$work"
trap '"$vend" sandbox stop; rm -rf "$work"' EXIT
"$vend" sandbox start --landing-zone $enroll
eval "$("$vend" sandbox env)"

step 'The organization before (vend observe)'
"$vend" observe
step 'What the account requests change: units, a control, new and enrolled accounts, a move (vend plan)'
"$vend" plan
step 'Apply what was reviewed (vend apply --reviewed plan.json)'
"$vend" apply --reviewed plan.json
step 'Plan again: nothing to do (vend plan)'
"$vend" plan -o again.json
step 'Somebody works past Control Tower (vend sandbox drift)'
"$vend" sandbox drift moved-account payments-dev
"$vend" sandbox drift control-drift Prod
if [ -n "$enroll" ]; then sleep 5; fi # its new unit enrolls the moved account by itself
step 'What differs from git now (vend drift)'
"$vend" drift || [ $? -eq 10 ] # something differs
step 'The repairs, reviewed and applied (vend plan, vend apply)'
"$vend" plan
"$vend" apply --reviewed plan.json
step 'Plan again: nothing to do (vend plan)'
"$vend" plan -o again.json
step 'The organization after (vend observe)'
"$vend" observe
