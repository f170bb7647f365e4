package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/scan"
)

// scanReport is what a scan came to.
type scanReport struct {
	Found []*foundSecret `json:"found"`
	// Files counts what was read; a stream is one.
	Files  int          `json:"files"`
	Unread []unreadFile `json:"unread"`
	// Lost is how often a secret was seen that found no room here.
	Lost int `json:"lost"`

	asked bool
	wait  string
}

// foundSecret is one secret, without its secret part.
type foundSecret struct {
	Hint string `json:"hint"`
	Kind string `json:"kind"`
	// Status is a key's, unknown, found where nobody was asked, or deleted where
	// this scan deleted a token.
	Status    string          `json:"status"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Workspace string          `json:"workspace"`
	Places    []foundPlace    `json:"places"`
	More      int             `json:"more_places"`
	Ended     bool            `json:"ended"` // by this scan
	Receipt   *manage.Receipt `json:"receipt,omitempty"`
}

type foundPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"` // in a binary file
	Commit string `json:"commit,omitempty"`
}

const (
	statusFound   = "found" // nobody was asked
	statusDeleted = "deleted"
)

func newScanReport(s *scan.Scanner, of *scanning) *scanReport {
	r := &scanReport{Found: []*foundSecret{}, Files: s.Files(), Unread: []unreadFile{}, Lost: s.Lost(), asked: of.ask != nil, wait: of.wait}
	r.Unread = append(r.Unread, of.unread...)
	for _, f := range s.Finds() {
		row := &foundSecret{Hint: f.Hint, Kind: manage.KindKey, Status: statusFound, More: f.More, Places: []foundPlace{}}
		if f.Token {
			row.Kind = manage.KindToken
		}
		for _, p := range f.Places {
			place := foundPlace{File: p.File, Line: p.Line, Commit: p.Commit}
			if p.Binary {
				place.Offset = &p.Offset
			}
			row.Places = append(row.Places, place)
		}
		r.Found = append(r.Found, row)
	}
	return r
}

// tell takes note of whose it is. What kind an unknown one is, its looks say.
func (f *foundSecret) tell(whose manage.SecretView) {
	f.Status, f.ID, f.Name, f.Workspace = whose.Status, whose.ID, whose.Name, whose.Workspace
	if whose.Kind != manage.KindUnknown {
		f.Kind = whose.Kind
	}
}

// alive reports whether it may be used, now or once it is reactivated.
func (f *foundSecret) alive() bool {
	return f.Status == string(keys.Active) || f.Status == string(keys.Inactive)
}

// String is where a secret stands, as compilers write it.
func (p foundPlace) String() string {
	text := p.File
	switch {
	case p.File == "" && p.Commit != "":
		text = "(message)"
	case p.Offset != nil:
		text += fmt.Sprintf(" (binary, byte %d)", *p.Offset)
	case p.Line > 0:
		text += ":" + strconv.Itoa(p.Line)
	default:
		text += " (its name)"
	}
	if p.Commit != "" {
		text = p.Commit[:min(len(p.Commit), shownCommit)] + " " + text
	}
	return text
}

// shownCommit is how many characters of a commit name it, as git shows it.
const shownCommit = 12

var scanColumns = []column{
	{head: "WHERE"}, {head: "SECRET"}, {head: "STATUS"}, {head: "ID"},
	{head: "NAME", cut: true, extra: 2}, {head: "WORKSPACE", cut: true, extra: 1},
}

// placeColumns are those that nobody needs to be asked for.
const placeColumns = 2

func (r *scanReport) text(p *page) {
	if len(r.Found) == 0 {
		p.line("Nothing found in %s.", counted(r.Files, "file", "files"))
		return
	}
	r.table(p)
	for _, f := range r.Found {
		if f.More > 0 {
			p.line("%s stands in %s more.", f.Hint, counted(f.More, "place", "places"))
		}
	}
	if r.Lost > 0 {
		p.line("%s found no room here: scan less at once.", counted(r.Lost, "more secret", "more secrets"))
	}
	if !r.asked {
		p.line("No store was asked which of them may still be used: --config or --api name one.")
	}
	r.ends(p)
}

// table has a row for each place.
func (r *scanReport) table(p *page) {
	shown := len(scanColumns)
	if !r.asked {
		shown = placeColumns
	}
	var rows [][]string
	for _, f := range r.Found {
		for _, at := range f.Places {
			row := []string{at.String(), f.Hint, f.Status, orDash(f.ID), orDash(f.Name), orDash(f.Workspace)}
			rows = append(rows, row[:shown])
		}
	}
	p.table(scanColumns[:shown], rows)
}

// ends tells what was revoked.
func (r *scanReport) ends(p *page) {
	for _, f := range r.Found {
		switch {
		case f.Receipt != nil:
			p.line("Revoked %s %q. %s", f.ID, plain(f.Name), reached(*f.Receipt, r.wait))
		case f.Ended:
			p.line("Deleted the token %s %q. It is refused from now on.", f.ID, plain(f.Name))
		}
	}
}

// verdict is what to end with; nil where nothing was found and all was read.
func (r *scanReport) verdict(failed error) error {
	var said []string
	if n := len(r.Found) + r.Lost; n > 0 {
		said = append(said, counted(n, "secret was found", "secrets were found")+r.living())
	}
	if len(r.Unread) > 0 {
		said = append(said, counted(len(r.Unread), "file or folder can't be read", "files or folders can't be read"))
	}
	switch {
	case failed != nil:
		return fmt.Errorf("%s; %w", strings.Join(said, "; "), failed)
	case r.unconfirmed():
		return &unconfirmed{"what is revoked is revoked, but not every gateway confirmed it within " + r.wait}
	case len(said) == 0:
		return nil
	}
	return errors.New(strings.Join(said, "; "))
}

// living says how many may still be used.
func (r *scanReport) living() string {
	if !r.asked {
		return ""
	}
	n := 0
	for _, f := range r.Found {
		if f.alive() && !f.Ended {
			n++
		}
	}
	return fmt.Sprintf(", %d of them alive", n)
}

func (r *scanReport) unconfirmed() bool {
	for _, f := range r.Found {
		if r.wait != "" && f.Receipt != nil && !f.Receipt.Confirmed {
			return true
		}
	}
	return false
}
