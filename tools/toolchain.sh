#!/bin/sh
# Checks that what the tests need is there: Go, and a C compiler for the race
# detector. Installs the latter where it can, and says what to do where not.
set -eu
cd "$(dirname "$0")/.."

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

wanted=$(sed -n 's/^go //p' go.mod)
command -v go >/dev/null || fail "Go is missing: install Go $wanted or newer (https://go.dev/dl/) and put its bin folder on the PATH."
# The go command itself knows whether it is new enough, or can fetch one that is.
go list -m >/dev/null || fail "This Go is too old: install Go $wanted or newer (https://go.dev/dl/)."

compiles() {
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | $(go env CC) -x c -o /dev/null - 2>/dev/null
}

compiles && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing a C compiler for the race detector"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends gcc libc6-dev >/dev/null
	compiles && exit 0
fi
fail "The race detector needs a C compiler with its headers ($(go env CC)): on Debian, apt-get install gcc libc6-dev."
