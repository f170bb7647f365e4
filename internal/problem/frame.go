package problem

import "bytes"

// frame is a body of which only the request's ID is missing. What guesses keys
// gets one refusal after the other: they must cost less than its guesses.
type frame struct{ head, tail []byte }

// frames are those of codes whose message is always the same.
var frames = func() map[Code]*frame {
	all := map[Code]*frame{}
	for _, row := range Rows {
		p := &Problem{Code: row.Code, RequestID: "{id}"}
		if p.Text() != row.Message {
			continue
		}
		head, tail, _ := bytes.Cut(p.marshal(), []byte(p.RequestID))
		all[row.Code] = &frame{head, tail}
	}
	return all
}()

// frame is the problem's, where nothing but the request's ID tells it from others
// of its code; else nil.
func (p *Problem) frame() *frame {
	if p.Message != "" || p.Param != "" || len(p.RequiredScopes)+len(p.MissingScopes)+len(p.AnyOfScopes) > 0 || !isID(p.RequestID) {
		return nil
	}
	return frames[p.Code]
}

func (f *frame) around(id string) []byte {
	body := make([]byte, 0, len(f.head)+len(id)+len(f.tail))
	return append(append(append(body, f.head...), id...), f.tail...)
}

// isID reports whether a text is in no need of escapes: hexadecimal digits and
// hyphens, as a UUID has them (RFC 9562 section 4).
func isID(text string) bool {
	for i := range len(text) {
		if c := text[i]; ('0' > c || c > '9') && ('a' > c || c > 'f') && c != '-' {
			return false
		}
	}
	return text != ""
}
