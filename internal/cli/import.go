package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

const (
	importShort = "Take keys over from another system"
	importLong  = `Takes keys over from another system, so that their secrets go on working.

FILE (- for standard input) is CSV with a header line, or JSON lines, whichever its first character says.
Each row has either digest (hex) with algorithm (sha256, sha512 or hmac-sha256), or secret, and any of
name, description, environment, scopes (separated by spaces), kind, project, owner, expires_at, profile
and metadata (a JSON object). A row that can't be taken is reported with its line, and the others are
imported. Running it again changes nothing.`
	importExample = `  keystile import keys.csv --dry-run
  keystile import keys.jsonl --hmac-key-file old.key --workspace acme`
)

// importFlags are those of an import.
type importFlags struct {
	common
	plaintext, dryRun, create bool
	hmacKeyFile               string
}

// importGroup is the command that takes keys over from another system.
func (a *app) importGroup() Group {
	return Group{Name: "import", Short: importShort, Fill: func(cmd *cobra.Command) {
		flags := &importFlags{}
		a.prepare(cmd)
		flags.defineStore(cmd)
		flags.define(cmd)
		shape := &verb{use: "import FILE"}
		cmd.Use, cmd.Long, cmd.Example, cmd.DisableFlagsInUseLine = shape.use+" [flags]", importLong, importExample, true
		cmd.ValidArgsFunction = anyFile
		cmd.Args = func(c *cobra.Command, args []string) error { return a.countArguments(c, shape, args) }
		cmd.RunE = func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("config") && a.getenv(apiVariable) != "" {
				return a.fail(c, errNoImporter)
			}
			open := a.Open
			if flags.create && !flags.dryRun {
				open = a.Create
			}
			report, err := runImport(c, open, flags, args[0])
			if err != nil {
				return a.fail(c, err)
			}
			return a.finishImport(c, flags, report)
		}
	}}
}

func (f *importFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.plaintext, "plaintext", false, "take rows with secrets, too: they are digested here, and never stored")
	flags.StringVar(&f.hmacKeyFile, "hmac-key-file", "", "`FILE` with the key of the other system's hmac-sha256 digests")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and change nothing")
	flags.BoolVar(&f.create, "create", false, "make the database where there is none")
	completeFiles(cmd, "hmac-key-file")
}

// runImport reads what can be read before it opens the store, and says of each
// refused row why as soon as the rows before it are settled.
func runImport(c *cobra.Command, open Opener, flags *importFlags, file string) (*importReport, error) {
	hmacKey, err := readHMACKey(flags.hmacKeyFile)
	if err != nil {
		return nil, err
	}
	in, err := openImport(c, file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // only read
	source, err := readImport(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	report := newImportReport(source.format, flags)
	err = importInto(c.Context(), open, flags, report, manage.Import{
		Rows: source.rows, Plaintext: flags.plaintext, HMACKey: hmacKey, DryRun: flags.dryRun,
		Refused: func(row manage.RefusedRow) {
			fmt.Fprintf(c.ErrOrStderr(), "keystile: line %d: %s\n", row.Line, oneLine(row.Reason))
			report.refuse(row)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", file, err)
	}
	return report, nil
}

func openImport(c *cobra.Command, file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(c.InOrStdin()), nil
	}
	return os.Open(file)
}

var errNoImporter = errors.New("keys can be imported into a store only, not over the API: use --config")

func importInto(ctx context.Context, open Opener, flags *importFlags, report *importReport, ask manage.Import) error {
	session, err := open(ctx, flags.config)
	if err != nil {
		return err
	}
	importer, ok := session.Service.(manage.Importer)
	if !ok {
		return errors.Join(errNoImporter, session.Close())
	}
	done, err := importer.ImportKeys(ctx, manage.Call{Actor: session.Actor, Workspace: flags.workspace}, ask)
	if err != nil && done.Imported > 0 && !ask.DryRun {
		err = fmt.Errorf("%w; %s before that: running it again goes on from there",
			err, counted(done.Imported, "key was imported", "keys were imported"))
	}
	report.Imported, report.Unchanged, report.refused = done.Imported, done.Unchanged, done.Refused
	return errors.Join(err, session.Close())
}

// finishImport prints what came of it. The refused rows were reported one by
// one: there is nothing more to say of them than the status.
func (a *app) finishImport(c *cobra.Command, flags *importFlags, report *importReport) error {
	said := answer{document: report, text: report.text}
	if err := a.print(c, said, &task{json: flags.json}); err != nil {
		return a.fail(c, said.unprinted(&verb{changes: !flags.dryRun}, err))
	}
	if report.refused > 0 {
		a.Exit(StatusFailed)
		return errPrinted
	}
	return nil
}
