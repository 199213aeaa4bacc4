#!/bin/sh
# Check the shipped Terraform: `fmt`, then `validate` or `test` in a copy, so that nothing is written into the repository.
#
#   tools/check_terraform.sh [validate | test] [FOLDER...]
#
# Without folders, every folder below terraform/ and deploy/ that holds *.tf. Providers come from a mirror on this machine where there is
# one, else from Terraform's registry; a CLI configuration that TF_CLI_CONFIG_FILE names is used as it is.
set -eu

fail() {
    echo "check_terraform: $1" >&2
    exit 1
}

verb=validate
case "${1:-}" in validate | test) verb=$1 && shift ;; esac
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(find terraform deploy -name '*.tf' -not -path '*/.terraform/*' -exec dirname {} \; | sort -u)
terraform=${TERRAFORM:-terraform}
command -v "$terraform" >/dev/null ||
    fail "there is no \"$terraform\" on this machine; install Terraform 1.10 or newer, or set TERRAFORM to its path"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM
cp -R terraform deploy "$copy"

if [ ! -f "${TF_CLI_CONFIG_FILE:-}" ]; then
    TF_CLI_CONFIG_FILE=$copy/terraform.rc
    export TF_CLI_CONFIG_FILE
    : >"$TF_CLI_CONFIG_FILE"
    for mirror in ~/.terraform.d/plugins /usr/local/share/terraform/plugins /usr/share/terraform/plugins /opt/tf-plugins; do
        if [ -d "$mirror/registry.terraform.io" ]; then
            printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$mirror" >"$TF_CLI_CONFIG_FILE"
            break
        fi
    done
fi
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0 GOGC=400

"$terraform" fmt -check -recursive -diff terraform || fail "these files are not formatted; run: terraform fmt -recursive terraform"
"$terraform" fmt -check -recursive -diff deploy || fail "these files are not formatted; run: terraform fmt -recursive deploy"
for folder in "$@"; do
    log=$copy/init.log
    if ! (cd "$copy/$folder" && "$terraform" init -backend=false -input=false -no-color) >"$log" 2>&1; then
        cat "$log" >&2
        fail "$folder: terraform init has failed"
    fi
    (cd "$copy/$folder" && "$terraform" "$verb" -no-color) >"$log" 2>&1 || { cat "$log" >&2 && fail "$folder: terraform $verb has failed"; }
    [ "$verb" = validate ] || cat "$log"
done
