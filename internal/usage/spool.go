package usage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/keystile/keystile/internal/storage"
)

// spool is a folder of batches that wait for the next start, one in each file.
// Files of several incarnations may be there; which they are, they say inside.
type spool struct{ dir string }

const (
	spoolPrefix = "usage-"
	spoolSuffix = ".spool"
	// maxSpoolFile bounds what is read into memory; longer files are cut off
	// there, and so hold no batch. A full batch with long names takes a fifth.
	maxSpoolFile = 256 << 20 // bytes
)

// list returns the paths of all files, those of one incarnation in the order
// of their sequence.
func (s spool) list() (paths []string, err error) {
	if s.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.dir) // sorted by name
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for usage of earlier runs: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), spoolPrefix) && strings.HasSuffix(e.Name(), spoolSuffix) {
			paths = append(paths, filepath.Join(s.dir, e.Name()))
		}
	}
	return paths, nil
}

// write puts a batch into a file of its own, which is there wholly or not at
// all, and after a power cut too.
func (s spool) write(batch storage.UsageBatch) error {
	name := fmt.Sprintf("%s%s-%012d%s", spoolPrefix, batch.Incarnation, batch.Sequence, spoolSuffix)
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder for usage: %w", err)
	}
	temp, err := os.CreateTemp(s.dir, name+".tmp-*") // readable by its owner only
	if err != nil {
		return fmt.Errorf("write usage to a file: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }() // fails once it was renamed, as it should
	_, err = temp.Write(encodeBatch(batch))
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write usage to a file: %w", err)
	}
	if err := os.Rename(temp.Name(), filepath.Join(s.dir, name)); err != nil {
		return fmt.Errorf("write usage to a file: %w", err)
	}
	syncFolder(s.dir)
	return nil
}

// syncFolder makes a rename outlast a power cut. Some systems can't sync a
// folder; the file is whole and in its place all the same.
func syncFolder(dir string) {
	folder, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

// read returns the batch of a file; nil where there is none: the file is gone,
// since somebody else replayed it, or the error says what is wrong with it. A
// file that holds no batch gets another name.
func (s spool) read(path string) (*storage.UsageBatch, error) {
	data, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	batch, err := decodeBatch(data)
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", setAside(path, err))
	}
	return &batch, nil
}

// readBounded reads a file up to one byte more than it may have.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(file, maxSpoolFile+1))
}

// setAside renames a file that holds no batch, so that somebody can look at
// it, and returns what is wrong. It never takes the name of another file.
func setAside(path string, wrong error) error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.corrupt-%d", path, n)
		_, err := os.Lstat(aside)
		if err == nil {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Rename(path, aside)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, errors.Join(wrong, err))
		}
		return fmt.Errorf("%s: %w; it is kept as %s", path, wrong, aside)
	}
}

// remove deletes a file that was replayed. It may be gone already.
func (s spool) remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove usage that was written: %w", err)
	}
	return nil
}
