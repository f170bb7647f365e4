package dashboard

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

type signInPage struct {
	Next    string
	Problem string
	Plain   bool // nobody else on the way is kept from reading
}

func (v *visit) signInPage(status int, next, problem string) error {
	v.show(status, "signin", &page{Title: "Sign in", Body: signInPage{next, problem, !v.Secure(v.r) && !loopback(v.r.Host)}})
	return nil
}

// showSignIn shows the form. Who is signed in already goes on.
func showSignIn(v *visit) error {
	next := nextOf(v.r.URL.Query().Get("next"))
	if v.Sessions.find(v.sessionID(), v.now, false) != nil {
		v.redirect(next)
		return nil
	}
	return v.signInPage(http.StatusOK, next, "")
}

// signIn begins a session for whoever has a good token. What the browser had
// before is ended: nobody can plant a session.
func signIn(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	next, address := nextOf(form.Get("next")), v.ClientAddress(v.r)
	if granted, wait := v.Sessions.attempt(address, v.now); !granted {
		v.w.Header().Set("Retry-After", strconv.Itoa(int(wait.Round(time.Second)/time.Second)+1))
		return v.signInPage(http.StatusTooManyRequests, next, "Too many tries from your address. Wait "+span(wait)+", then try again.")
	}
	actor, err := v.Authenticate(v.r.Context(), strings.TrimSpace(form.Get("token")), address)
	if refused, ok := errors.AsType[*manage.Error](err); ok {
		v.Log.InfoContext(v.r.Context(), "a sign-in was refused", slog.String("client", address), slog.String("code", string(refused.Problem.Code)))
		return v.signInPage(refused.Problem.Code.Row().Status, next, whyNot(refused))
	}
	if err != nil {
		return err
	}
	v.Sessions.succeeded(address)
	v.Sessions.end(v.sessionID())
	id, _ := v.Sessions.begin(actor, v.now)
	v.setSession(id)
	v.Log.InfoContext(v.r.Context(), "signed in", slog.String("actor", actor.String()), slog.String("client", address))
	v.redirect(next)
	return nil
}

// whyNot speaks of a form, where the API's words speak of a header.
func whyNot(refused *manage.Error) string {
	if refused.Problem.Code == problem.InvalidToken || refused.Problem.Code == problem.MissingToken {
		return "This is no token that is good here. It may have ended, or a part of it is missing."
	}
	return refused.Problem.Text()
}

// signOut ends the session here, not only in the browser.
func signOut(v *visit) error {
	v.Sessions.end(v.sessionID())
	v.setSession("")
	v.redirect("sign-in")
	return nil
}

// home leads to the keys of the workspace that the visitor's token is for.
func home(v *visit) error {
	v.redirect(workspacePath(homeOf(v.call.Actor), "keys"))
	return nil
}

// span is a time to wait, in words.
func span(d time.Duration) string {
	n := int(d/time.Second) + 1
	if n == 1 {
		return "a second"
	}
	return fmt.Sprintf("%d seconds", n)
}
