package archtest

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
)

// reveals are the files that may take a Secret's bytes out, and what for.
var reveals = map[string]string{
	"caddymodule/quickstart_keys.go": "prints the first keys once, to whoever starts it",
	"internal/cli/scan_ask.go":       "asks the store or the API whose the secrets are that it found",
	"internal/client/address.go":     "checks that a token can stand in a header",
	"internal/client/request.go":     "sends the token to the API",
	"internal/keys/digest.go":        "hashes secrets, and keys the hash with peppers",
	"internal/keys/hint.go":          "cuts the hint out of a new secret",
	"internal/keys/mint.go":          "checks what it has just drawn",

	"internal/manage/import_identity.go":  "checks and digests secrets of other systems",
	"internal/manage/revealed.go":         "shows a new secret to the one that asked for it, once",
	"internal/storage/sqlcore/schemes.go": "stores the keys that other systems digested with",
}

func revealRule(reveals map[string]string) rule {
	return rule{"secrets are revealed only where reveals says so", func(t *tree) (found []finding) {
		unused := maps.Clone(reveals)
		for _, f := range t.files {
			if !f.production() {
				continue
			}
			for _, at := range f.revealed() {
				delete(unused, f.path)
				if reveals[f.path] == "" {
					found = append(found, f.found(at, "a secret leaves its wrapping here: hand the Secret on as it is, or have this place reviewed and listed in reveals (internal/archtest/reveal.go)"))
				}
			}
		}
		for _, path := range slices.Sorted(maps.Keys(unused)) {
			found = append(found, finding{path, 1, "doesn't reveal a secret any more: take it out of reveals (internal/archtest/reveal.go)"})
		}
		return found
	}}
}

// revealed finds where Reveal is called or passed on.
func (f *file) revealed() (at []token.Pos) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reveal" {
			at = append(at, sel.Pos())
		}
		return true
	})
	return at
}
