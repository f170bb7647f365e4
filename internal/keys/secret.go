package keys

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[secret]"

// Secret is a whole credential, or another value that must not be shown, such
// as a pepper. Whatever prints, logs or marshals it gets "[secret]"; Reveal is
// the only way out. It cannot be compared with ==.
type Secret struct {
	_ [0]func() // makes == a compile error
	// raw is a pointer because fmt skips the methods of unexported fields:
	// printed from inside another struct, an address appears and no bytes.
	raw *string
}

// NewSecret wraps raw.
func NewSecret(raw string) Secret { return Secret{raw: &raw} }

// Reveal returns the bytes. Each call is a place to review.
func (s Secret) Reveal() string {
	if s.raw == nil {
		return ""
	}
	return *s.raw
}

// IsZero reports whether nothing is wrapped.
func (s Secret) IsZero() bool { return s.raw == nil || *s.raw == "" }

// String implements fmt.Stringer with the redacted form.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer with the redacted form.
func (Secret) GoString() string { return redacted }

// Format implements fmt.Formatter for every verb, %x and %q included.
func (Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, redacted) }

// MarshalText implements encoding.TextMarshaler with the redacted form; JSON,
// XML and zap's reflection use it too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer with the redacted form.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
