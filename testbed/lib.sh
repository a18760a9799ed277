# Helpers of the testbed's shell wrappers. Sourced, never run.

say() { printf 'testbed: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

find_go() {
  command -v go >/dev/null || PATH="$PATH:/usr/local/go/bin"
  command -v go >/dev/null || fail "go is not on the PATH; install Go 1.26 or later"
  export PATH GOTOOLCHAIN=local GOFLAGS="-buildvcs=false${GOFLAGS:+ $GOFLAGS}"
}

# The folder of what go.mod and go.sum of the module $1 pin, the testbed's own by default, and of what
# stands beside them. The order of go.mod's lines and its comments pin nothing.
pinned_cache() {
  local key module="${1:-$here}"
  key="$({ sed 's|//.*||; s|[[:space:]]*$||' "$module/go.mod" | LC_ALL=C sort; cat "$module/go.sum"
    find "$module" -maxdepth 1 -name '*.go' | LC_ALL=C sort | xargs -r cat; } |
    sha256sum | cut -c1-16)"
  echo "${XDG_CACHE_HOME:-$HOME/.cache}/tangram/testbed/$key"
}

pinned_version() {
  (cd "$here" && go list -m -f '{{.Version}}' "$1")
}

# Where this version of the testbed's own program is kept in the cache $1.
own_program() {
  local key
  key="$(cd "$here" && find . -name '*.go' ! -name '*_test.go' ! -path './modules/*' | LC_ALL=C sort |
    xargs sha256sum | sha256sum | cut -c1-16)"
  echo "$1/own/$key/testbed"
}

# Builds cmd/$1 beside the testbed's own program, under the same key, once; prints its path.
beside_own() {
  local program
  program="$(dirname "$(own_program "$(pinned_cache)")")/$1"
  if [[ ! -x "$program" ]]; then
    mkdir -p "$(dirname "$program")"
    say "building the program $1"
    (cd "$here" && nice -n 5 go build -trimpath -ldflags "-s -w" -o "$program.part.$$" "./cmd/$1")
    mv "$program.part.$$" "$program"
  fi
  echo "$program"
}

# A testbed of clusters/$1.yaml in $work/bed, and $work for other files; gone when the script ends.
own_bed() {
  work="$(mktemp -d)"
  trap 'end_own_bed' EXIT
  "$here/up" --cluster "$here/clusters/$1.yaml" --dir "$work/bed" >/dev/null
}

end_own_bed() {
  [ ! -d "$work/bed" ] || "$here/down" "$work/bed" >/dev/null
  rm -rf "$work"
}
