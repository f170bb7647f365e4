package postgres

import (
	"strconv"
	"strings"
	"sync"
)

// statements remembers how statements are written for PostgreSQL: there are
// some dozens, and a few for each filter of a list.
type statements struct{ all sync.Map } // of string to string

// numbered writes the parameters of a statement as PostgreSQL has them: ?, ?1
// and so on become $1. A ? in quotes stays.
func (s *statements) numbered(statement string) string {
	if known, ok := s.all.Load(statement); ok {
		return known.(string)
	}
	written := number(statement)
	s.all.Store(statement, written)
	return written
}

func number(statement string) string {
	var b strings.Builder
	next, quote := 1, byte(0)
	for i := 0; i < len(statement); i++ {
		c := statement[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			digits := i + 1
			for digits < len(statement) && '0' <= statement[digits] && statement[digits] <= '9' {
				digits++
			}
			if given := statement[i+1 : digits]; given != "" {
				b.WriteString("$" + given)
			} else {
				b.WriteString("$" + strconv.Itoa(next))
				next++
			}
			i = digits - 1
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
