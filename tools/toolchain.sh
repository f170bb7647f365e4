#!/bin/sh
# Checks that what the tests need is there: Go, a C compiler for the race
# detector, PostgreSQL, Redis, nginx and HAProxy to start servers of, promtool, sqlite3,
# Chromium for the dashboard, and npm for what looks at its pages. Installs all
# but Go where it can, and says what to do where not.
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

compiler() {
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | $(go env CC) -x c -o /dev/null - 2>/dev/null
}
postgres() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
redis() { command -v redis-server >/dev/null || command -v valkey-server >/dev/null; }
# Debian keeps these two where only root looks.
nginx() { (PATH=$PATH:/usr/sbin && command nginx -V 2>&1) | grep -q http_auth_request_module; }
haproxy() { (PATH=$PATH:/usr/sbin && command haproxy -vv 2>&1) | grep -q USE_LUA=1; }
browser() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

# missing prints the packages, as Debian names them, that are needed.
missing() {
	compiler || echo gcc libc6-dev
	postgres || echo postgresql
	redis || echo redis-server
	nginx || echo nginx-light
	haproxy || echo haproxy
	command -v promtool >/dev/null || echo prometheus
	command -v curl >/dev/null || echo curl
	command -v sqlite3 >/dev/null || echo sqlite3
	browser || echo chromium
	command -v npm >/dev/null || echo nodejs npm
}

packages=$(missing | tr '\n' ' ')
[ "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing ${packages}for the tests"
	apt-get -qq update
	# Tests start servers of their own: the packages' need not run.
	# shellcheck disable=SC2086 # one word a package
	DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq install --yes --no-install-recommends $packages >/dev/null
	packages=$(missing | tr '\n' ' ')
	[ "$packages" ] || exit 0
fi
fail "The tests need a C compiler with its headers ($(go env CC)), PostgreSQL, Redis, nginx (with auth_request), HAProxy (2.5 or newer, with Lua), promtool, sqlite3, Chromium and npm: on Debian, apt-get install $packages"
