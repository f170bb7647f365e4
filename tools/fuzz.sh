#!/bin/sh
# Runs the fuzz targets below some folders (all of them, unless named), each for
# FUZZTIME. FUZZONLY=EXPRESSION runs those whose names match.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- bench caddymodule cmd internal

# targets prints a line for each target: its package and its name.
targets() {
	grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' "$@" | sed 's,^\(.*\)/[^/]*:func \(.*\)$,./\1 \2,' | sort
}

found=$(targets "$@" | grep -E " .*(${FUZZONLY:-.})" || true)
[ "$found" ] || { echo "there is no fuzz target below $*" >&2; exit 1; }
echo "$found" | while read -r package target; do
	echo "$package $target"
	case $package in # a module of its own
	./bench/*) module=bench package=.${package#./bench} ;;
	*) module=. ;;
	esac
	(cd "$module" && go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$package" </dev/null)
done
