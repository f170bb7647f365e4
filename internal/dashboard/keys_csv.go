package dashboard

import (
	"encoding/csv"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/keystile/keystile/internal/manage"
)

const exportPage = 1000

var exportHead = []string{
	"id", "name", "description", "hint", "status", "kind", "environment", "scopes", "workspace", "project", "owner", "created_by",
	"created_at", "expires_at", "last_used_at", "total_calls", "profile", "plan", "allowed_ips",
}

// exportKeys writes all keys that a list's filters select as CSV.
func exportKeys(v *visit) error {
	l, err := readListing(v.r.URL.Query())
	if err != nil {
		return err
	}
	rows, next, err := v.exported(&l, 0, "")
	if err != nil {
		return err // before a byte was sent
	}
	head := v.w.Header()
	head.Set("Content-Type", "text/csv; charset=utf-8")
	head.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape("keys-"+v.call.Workspace+".csv"))
	to := csv.NewWriter(v.w)
	_ = to.Write(exportHead) // Flush tells
	for read := 0; ; {
		if !writeRows(to, rows) || next == "" {
			return nil // or the reader went away: nobody is left to tell
		}
		read += len(rows)
		if rows, next, err = v.exported(&l, read, next); err != nil {
			// A list that broke off must not look like a whole one.
			v.Log.ErrorContext(v.r.Context(), "an export broke off", slog.Any("error", err))
			panic(http.ErrAbortHandler)
		}
	}
}

func writeRows(to *csv.Writer, rows []manage.KeyView) (ok bool) {
	for i := range rows {
		_ = to.Write(exportRow(&rows[i]))
	}
	to.Flush()
	broken := to.Error()
	return broken == nil
}

// exported reads some keys behind those that were read; next is empty where
// these are the last.
func (v *visit) exported(l *listing, read int, cursor string) (rows []manage.KeyView, next string, err error) {
	search := l.search()
	search.Limit, search.Cursor, search.Skip = exportPage, cursor, read
	search.Order, search.Descending = "", false
	if l.Only == "" {
		page, err := v.Service.ListKeys(v.r.Context(), v.call, search.KeyQuery)
		if page.NextCursor != nil {
			next = *page.NextCursor
		}
		return page.Data, next, err
	}
	search.Cursor = ""
	found, err := v.Service.FindKeys(v.r.Context(), v.call, search)
	if len(found.Data) == exportPage && read+exportPage <= manage.MostSkipped {
		next = "more"
	}
	return found.Data, next, err
}

func exportRow(k *manage.KeyView) []string {
	row := []string{
		string(k.ID), k.Name, k.Description, k.Hint, string(k.Status), string(k.Kind), string(k.Environment), strings.Join(k.Scopes, " "),
		k.Workspace, k.Project, k.Owner, k.CreatedBy, k.CreatedAt.Format(time.RFC3339), machine(k.ExpiresAt), machine(k.LastUsedAt),
		strconv.FormatInt(k.TotalCalls, 10), k.Profile, k.Plan, strings.Join(k.AllowedIPs, " "),
	}
	for i := range row {
		row[i] = harmlessCell(row[i])
	}
	return row
}

func machine(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// harmlessCell keeps a spreadsheet from taking a text for a formula: it would
// be run on the computer of whoever opens the file.
func harmlessCell(text string) string {
	start := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) })
	if start == "" {
		return text
	}
	if r := []rune(start)[0]; strings.ContainsRune("=+-@|%＝＋－＠", r) || len(start) < len(text) {
		return "'" + text
	}
	return text
}
