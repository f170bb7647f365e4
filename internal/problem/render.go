package problem

import (
	"encoding/json"
	"fmt"
)

// members are what both renderings of a problem share.
type members struct {
	RequiredScopes []string `json:"required_scopes,omitempty"`
	MissingScopes  []string `json:"missing_scopes,omitempty"`
	AnyOfScopes    []string `json:"any_of_scopes,omitempty"`
	Param          string   `json:"param,omitempty"`
	RequestID      string   `json:"request_id,omitempty"`
	DocURL         string   `json:"doc_url"`
}

func (p *Problem) members() members {
	return members{
		RequiredScopes: p.RequiredScopes, MissingScopes: p.MissingScopes, AnyOfScopes: p.AnyOfScopes,
		Param: p.Param, RequestID: p.RequestID, DocURL: p.Code.docURL(),
	}
}

// docURL leads to the row that is answered.
func (c Code) docURL() string { return DocsURL + "#" + string(c.Row().Code) }

// JSON renders {"error":{…}}.
func (p *Problem) JSON() []byte {
	if f := p.frame(); f != nil {
		return f.around(p.RequestID)
	}
	return p.marshal()
}

func (p *Problem) marshal() []byte {
	row := p.Code.Row()
	type body struct {
		Type    Type   `json:"type"`
		Code    Code   `json:"code"`
		Message string `json:"message"`
		members
	}
	return encode(struct {
		Error body `json:"error"`
	}{body{row.Type, row.Code, p.Text(), p.members()}})
}

// Details renders an RFC 9457 problem+json document, the other members kept.
func (p *Problem) Details() []byte {
	row := p.Code.Row()
	return encode(struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Detail    string `json:"detail"`
		ErrorType Type   `json:"error_type"`
		Code      Code   `json:"code"`
		members
	}{p.Code.docURL(), row.Title, row.Status, p.Text(), row.Type, row.Code, p.members()})
}

func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil { // strings and string slices always marshal
		panic(fmt.Sprintf("problem: %v", err))
	}
	return append(out, '\n')
}
