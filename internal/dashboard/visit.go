package dashboard

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// visit is one request on its way.
type visit struct {
	*Dashboard
	w       http.ResponseWriter
	r       *http.Request
	root    string // what leads from the page's address to the dashboard's, such as "../../"
	now     time.Time
	session *session
	call    manage.Call
}

func (d *Dashboard) newVisit(w http.ResponseWriter, r *http.Request) *visit {
	return &visit{Dashboard: d, w: w, r: r, root: rootOf(r.URL.EscapedPath()), now: d.Now()}
}

// rootOf is as many steps up as a path is deep. Whatever was stripped off
// before it doesn't matter to a relative link.
func rootOf(path string) string {
	deep := strings.Count(path, "/") - 1
	if deep <= 0 {
		return "./"
	}
	return strings.Repeat("../", deep)
}

// run finds out who visits, unless the route is open to anybody, and lets the
// route answer.
func (v *visit) run(row route) error {
	if row.open {
		return row.run(v)
	}
	ok, err := v.enter(row)
	if err != nil || !ok {
		return err
	}
	v.call.Workspace = v.r.PathValue("workspace")
	return row.run(v)
}

// enter finds the visitor's session, and asks whether what it began with is
// still good. ok is false where the answer was given: who reads a page is sent to
// sign in.
func (v *visit) enter(row route) (ok bool, err error) {
	v.session = v.Sessions.find(v.sessionID(), v.now, !row.refreshes)
	if v.session == nil {
		return false, v.strange(row)
	}
	actor := v.session.actor
	actor.Address = v.ClientAddress(v.r)
	v.call.Actor, err = v.Recheck(v.r.Context(), actor)
	if _, refused := errors.AsType[*manage.Error](err); refused {
		v.Sessions.end(v.sessionID())
		v.setSession("")
		v.session = nil
		return false, v.strange(row)
	}
	return err == nil, err
}

// strange answers whoever isn't signed in.
func (v *visit) strange(row route) error {
	if row.refreshes || v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		return refusal(problem.MissingToken, "You are signed out, and nothing was done. Sign in again.")
	}
	v.redirect("sign-in" + nextQuery(v.r.URL))
	return nil
}

// redirect sends the browser to an address below the dashboard's, to GET it.
func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", v.root+to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// here is an address of the workspace that the visit is about.
func (v *visit) here(parts ...string) string { return workspacePath(v.call.Workspace, parts...) }

// done redirects to a page, which says what was done.
func (v *visit) done(to, text string) error {
	v.session.tell(note{Text: text})
	v.redirect(to)
	return nil
}

// refuse answers with a page that says why there is no other one.
func (v *visit) refuse(err error) {
	p := manage.ProblemOf(err)
	row := p.Code.Row()
	id := v.RequestID(v.r)
	if row.Type == problem.APIError && v.r.Context().Err() == nil {
		v.Log.ErrorContext(v.r.Context(), "a page of the dashboard can't be shown",
			slog.String("request_id", id), slog.String("code", string(p.Code)), slog.Any("error", err))
	}
	if row.Status == http.StatusServiceUnavailable || row.Status == http.StatusTooManyRequests {
		v.w.Header().Set("Retry-After", strconv.FormatInt(p.RetryAfterSeconds(), 10))
	}
	v.show(row.Status, "error", &page{Title: row.Title, Body: struct {
		Status           int
		Text, Code, ID   string
		Stranger, Faulty bool
	}{row.Status, p.Text(), string(p.Code), id, v.session == nil, row.Type == problem.APIError}})
}
