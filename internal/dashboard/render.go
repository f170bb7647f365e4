package dashboard

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

const layoutFiles = "templates/layout*.html"

// parse reads the templates, each with what they share.
func (d *Dashboard) parse() (map[string]*template.Template, error) {
	shared, err := template.New("layout.html").Funcs(functions(d)).ParseFS(templateFiles, layoutFiles)
	if err != nil {
		return nil, fmt.Errorf("parse the layout: %w", err)
	}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("list the templates: %w", err)
	}
	all := map[string]*template.Template{}
	for _, file := range files {
		if strings.HasPrefix(file.Name(), "layout") {
			continue
		}
		own, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("clone the layout: %w", err)
		}
		if own, err = own.ParseFS(templateFiles, path.Join("templates", file.Name())); err != nil {
			return nil, fmt.Errorf("parse a template: %w", err)
		}
		all[strings.TrimSuffix(file.Name(), ".html")] = own
	}
	return all, nil
}

// show answers with a page. It is made before a byte is sent, so that a fault
// on the way is no half page.
func (v *visit) show(status int, name string, p *page) {
	p.Root, p.Now = v.root, v.now
	if v.session != nil && p.Note == nil {
		p.Note = v.session.told()
	}
	var body bytes.Buffer
	if err := v.templates[name].Execute(&body, p); err != nil {
		v.Log.ErrorContext(v.r.Context(), "a page of the dashboard can't be made", slog.String("page", name), slog.Any("error", err))
		http.Error(v.w, "This page can't be shown. The operator's log says why.", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.send(status, body.Bytes(), !p.Secret)
}

// smallest is what compressing doesn't make smaller by much.
const smallest = 1000

// send writes a body, compressed where the browser takes that. What holds a
// secret isn't: the length of what is compressed tells of what is in it.
func (v *visit) send(status int, body []byte, compress bool) {
	head := v.w.Header()
	head.Add("Vary", "Accept-Encoding")
	if compress && len(body) >= smallest && takesGzip(v.r) {
		if small, err := squeezed(body, gzip.DefaultCompression); err == nil {
			head.Set("Content-Encoding", "gzip")
			body = small
		}
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body) // the reader went away: nobody is left to tell
}

func squeezed(body []byte, level int) ([]byte, error) {
	var small bytes.Buffer
	w, err := gzip.NewWriterLevel(&small, level)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if _, err := w.Write(body); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return small.Bytes(), nil
}

// takesGzip reads what RFC 9110 section 12.5.3 says, as far as browsers use it.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}
