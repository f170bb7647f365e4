#!/bin/sh
# Runs every fuzz target of the packages that are named, one after the other.
set -eu
time=${FUZZTIME:-10s}

for package in "$@"; do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
	done
done
