package keys

import "slices"

// Aliases are the old names of scopes, by the new one, those of an old name
// included: a key that carries an old name holds the new one.
type Aliases map[string][]string

// Holds reports whether a key holds a scope, by whichever name.
func (a Aliases) Holds(k *Key, scope string) bool {
	if k.Holds(scope) {
		return true
	}
	return len(a) > 0 && slices.ContainsFunc(a[scope], k.Holds)
}
