package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/scan"
)

const scanLong = `PATH is a file or a folder with all below it; - is standard input, for git log -p or any other text.
Secrets are known by the prefixes of the configuration, old ones included, and by their checksum;
management tokens (kst_) always. What is printed of one is its hint. The store or the API says which
may still be used: over the API, and where there is no ./Caddyfile, keys begin with ks_live_ and
ks_test_, and --prefix adds others. Without a store it says only what was found.

Folders called .git and links within folders are left out; compressed files aren't opened. The exit
status is 0 where nothing was found, and 1 where something was, or where something can't be read.`

// scanning is one scan.
type scanning struct {
	prefixes   []string
	offline    bool
	gitFolders bool
	revoke     bool
	wait       string

	format     *keys.Format
	configured bool             // a configuration says what secrets look like
	ask        manage.Inspector // nil: there is nobody to ask
	unread     []unreadFile
}

type unreadFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func (a *app) scan() *verb {
	s := &scanning{}
	return &verb{
		use: "scan PATH...", short: "Find keys and tokens in files and in git's history", changes: true, long: scanLong,
		example: `  keystile scan src
  git log -p --all | keystile scan -
  keystile scan src --revoke --wait 5s`,
		flags: func(c *cobra.Command) {
			c.Flags().StringSliceVar(&s.prefixes, "prefix", nil, "`PREFIX` of more keys to look for, with a checksum")
			c.Flags().BoolVar(&s.offline, "offline", false, "ask neither store nor API")
			c.Flags().BoolVar(&s.gitFolders, "git-folders", false, "look into folders called .git, too")
			c.Flags().BoolVar(&s.revoke, "revoke", false, "revoke the keys, and delete the tokens, that may still be used")
			c.Flags().StringVar(&s.wait, "wait", "", "with --revoke: wait until every gateway refuses them: `5s`")
			c.ValidArgsFunction = anyFile
		},
		check: s.check,
		open:  func(c *cobra.Command, opts *common) (*Session, error) { return a.openScan(c, opts, s) },
		run:   s.run,
	}
}

var (
	errRevokeOffline = usage("--revoke needs a store or an API to revoke in: leave --offline out")
	errWaitAlone     = usage("--wait goes with --revoke")
	errNobodyToAsk   = errors.New("there is nothing to revoke keys in: name a store with --config or an API with --api")
)

func (s *scanning) check(func(string) bool) error {
	switch {
	case s.revoke && s.offline:
		return errRevokeOffline
	case s.wait != "" && !s.revoke:
		return errWaitAlone
	}
	if _, err := manage.ParseWait(cmp.Or(s.wait, "0s")); err != nil {
		return usage("--wait must be a duration of at most 5m, such as 5s")
	}
	return nil
}

// openScan opens who knows whose a secret is. Where nobody was named, and
// ./Caddyfile names nobody either, it does without.
func (a *app) openScan(c *cobra.Command, opts *common, s *scanning) (*Session, error) {
	stated := c.Flags().Changed
	overAPI := !stated("config") && (stated("api") || a.getenv(apiVariable) != "")
	if err := s.readFormat(a.ReadFormat, opts.config, stated("config"), overAPI); err != nil {
		return nil, err
	}
	nobody := &Session{Now: a.now, Close: func() error { return nil }}
	if s.offline {
		return nobody, nil
	}
	session, err := a.openPlace(c, opts)
	_, badUsage := errors.AsType[*usageError](err)
	switch {
	case err == nil:
		s.ask, _ = session.Service.(manage.Inspector)
		return session, nil
	case badUsage || overAPI || stated("config"):
		return nil, err
	case s.revoke:
		return nil, errors.Join(errNobodyToAsk, err)
	case s.configured:
		fmt.Fprintln(c.ErrOrStderr(), "keystile: "+oneLine("nobody is asked which secrets may still be used: "+err.Error()))
	}
	return nobody, nil
}

// readFormat settles what secrets look like.
func (s *scanning) readFormat(read FormatReader, config string, stated, overAPI bool) error {
	if overAPI {
		config = ""
	}
	format, err := read(config)
	s.configured = err == nil && config != ""
	if err != nil && !stated && !overAPI {
		format, err = read("")
	}
	if err != nil {
		return err
	}
	s.format, err = format.And(s.prefixes)
	if err != nil {
		return usage("--prefix: " + err.Error())
	}
	return nil
}

func (s *scanning) run(t *task) (answer, error) {
	scanner := scan.New(s.format)
	for _, path := range t.args {
		if path == "-" {
			if err := scanner.History(t.in); err != nil {
				s.skip(t, scanner, scan.StandardInput, err)
			}
			continue
		}
		scanner.Walk(path, scan.Options{GitFolders: s.gitFolders, Unread: func(at string, err error) { s.skip(t, scanner, at, err) }})
	}
	report := newScanReport(scanner, s)
	failed := s.settle(t, report, scanner.Finds())
	return answer{document: report, text: report.text, then: report.verdict(failed)}, nil
}

// mostUnread bounds what is kept of what can't be read; each is told.
const mostUnread = 1000

// skip tells of what can't be read.
func (s *scanning) skip(t *task, scanner *scan.Scanner, file string, why error) {
	file = scanner.Masked(file)
	t.warn(fmt.Sprintf("%s can't be read: %v", file, why))
	if len(s.unread) < mostUnread {
		s.unread = append(s.unread, unreadFile{file, why.Error()})
	}
}
