package cli

import (
	"encoding/csv"
	"errors"
	"strings"
)

// pairs are the names and values of a flag: A=B,C=D. They add up where the
// flag is repeated; empty text states that there are none.
type pairs map[string]string

var errNoPairs = errors.New("must be names and values, such as team=blue,tier=gold")

// String implements the value of a flag: what its help says it is unless
// stated, which is nothing.
func (*pairs) String() string { return "" }

// Type implements the value of a flag.
func (*pairs) Type() string { return "A=B,C=D" }

// Set implements the value of a flag. As in other lists, quotes keep a comma
// within a value.
func (p *pairs) Set(text string) error {
	if *p == nil {
		*p = pairs{}
	}
	if text == "" {
		return nil
	}
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return errNoPairs
	}
	for _, field := range fields {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if !ok {
			return errNoPairs
		}
		(*p)[name] = value
	}
	return nil
}
