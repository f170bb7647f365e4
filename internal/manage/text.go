package manage

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keystile/keystile/internal/keys"
)

// textRule bounds a field of free text.
type textRule struct {
	min, max int  // characters
	lines    bool // line breaks and tabs are fine
}

// The bounds of free texts.
var (
	keyName     = textRule{min: 3, max: 100}
	description = textRule{max: 1000, lines: true}
	owner       = textRule{max: 200}
	reason      = textRule{max: 500}
	tokenName   = textRule{min: 1, max: 100}
	profileName = textRule{min: 1, max: 100}
	searchText  = textRule{max: 200}
	metaValue   = textRule{max: 500, lines: true}
)

// check refuses what a field can't hold. param names the field.
func (t textRule) check(param, text string) error {
	if !utf8.ValidString(text) {
		return invalid(param, "is not valid UTF-8")
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n > t.max && t.min == 0:
		return invalid(param, "must have at most %d characters", t.max)
	case n < t.min, n > t.max:
		return invalid(param, "must have %d to %d characters", t.min, t.max)
	case strings.ContainsFunc(text, t.forbids):
		return invalid(param, "must not hold control characters")
	}
	return nil
}

// checkName refuses what can't be the name of a thing.
func (m *Manager) checkName(rule textRule, name string) error {
	return m.checkText(rule, "name", name)
}

// checkText refuses what a field of free text can't hold. param names the field.
func (m *Manager) checkText(rule textRule, param, text string) error {
	if err := rule.check(param, text); err != nil {
		return err
	}
	return m.noSecret(param, text)
}

// noSecret refuses a text with a secret in it, which was pasted into the wrong
// field: texts are kept, shown and logged in clear.
func (m *Manager) noSecret(param, text string) error {
	if m.format.HasSecret(text) {
		return invalid(param, "must not hold a secret: it is shown to others, and in the audit trail")
	}
	return nil
}

func (t textRule) forbids(r rune) bool {
	if t.lines && (r == '\n' || r == '\r' || r == '\t') {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
}

// isWord reports whether text is one visible word: no space of any kind, no
// control character, and something at all.
func isWord(text string, max int) bool {
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > max {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	})
}

// named is how a message speaks of the word at index i of a list: by itself,
// as long as that can't be a secret in the wrong place, else by its number.
func named(word string, i int) string {
	plain := func(r rune) bool {
		return r < utf8.RuneSelf && (isAlphanumeric(byte(r)) || strings.ContainsRune(":._-/", r))
	}
	if !keys.Harmless(word) || strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return fmt.Sprintf("number %d", i+1)
	}
	return strconv.Quote(word)
}
