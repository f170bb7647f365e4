package manage

import "encoding/json"

// Field is a member of an edit: not stated, null, or a value.
type Field[T any] struct {
	Set   bool // it is stated, be it as null
	Null  bool
	Value T // the zero value where Null
}

// Stated is a field with a value.
func Stated[T any](value T) Field[T] { return Field[T]{Set: true, Value: value} }

// IsZero reports whether the field is not stated; encoding/json leaves it out
// then.
func (f Field[T]) IsZero() bool { return !f.Set }

// MarshalJSON implements json.Marshaler.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.Null {
		return []byte("null"), nil
	}
	return json.Marshal(f.Value)
}

// UnmarshalJSON implements json.Unmarshaler; it is called for null too.
func (f *Field[T]) UnmarshalJSON(text []byte) error {
	*f = Field[T]{Set: true, Null: string(text) == "null"}
	if f.Null {
		return nil
	}
	return json.Unmarshal(text, &f.Value)
}
