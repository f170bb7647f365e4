#!/bin/sh
# Runs govulncheck, at the version that tools/go.mod pins, over the packages that
# are named. GOVULNDB names a copy of the database, where the public one can't
# be reached.
set -eu
cd "$(dirname "$0")/.."
binary=$PWD/.cache/bin/govulncheck-$(sed -n 's,.*golang.org/x/vuln \(v[^ ]*\).*,\1,p' tools/go.mod)

if [ ! -x "$binary" ]; then
	mkdir -p "${binary%/*}"
	(cd tools && CGO_ENABLED=0 go build -trimpath -o "$binary" golang.org/x/vuln/cmd/govulncheck)
fi
exec "$binary" ${GOVULNDB:+-db "$GOVULNDB"} "$@"
