package keys

import "slices"

// Aliases are the old names of scopes, by the new one, those of an old name
// included: a key that carries an old name holds the new one.
type Aliases map[string][]string

// Holds reports whether a key with these scopes holds one, by whichever name.
func (a Aliases) Holds(scopes []string, scope string) bool {
	if holds(scopes, scope) {
		return true
	}
	return len(a) > 0 && slices.ContainsFunc(a[scope], func(old string) bool { return holds(scopes, old) })
}
