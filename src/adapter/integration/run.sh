#!/usr/bin/env bash
# Runs the integration tests against a testbed that it brings up and takes down:
#   src/adapter/integration/run.sh BUILD_DIR [CLUSTER_FILE]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
build="${1:?usage: run.sh BUILD_DIR [CLUSTER_FILE]}"
cluster="${2:-$root/testbed/clusters/small.yaml}"
dir="$(mktemp -d)/bed"

down() {
  [ ! -d "$dir" ] || "$root/testbed/down" "$dir" >/dev/null
  rmdir "$(dirname "$dir")" 2>/dev/null || true
}
trap down EXIT
"$root/testbed/up" --cluster "$cluster" --dir "$dir" >/dev/null
TANGRAM_TESTBED="$dir" "$build/src/adapter/tangram_integration_test"
TANGRAM_TESTBED="$dir" "$build/src/adapter/tangram_webhook_integration_test"
