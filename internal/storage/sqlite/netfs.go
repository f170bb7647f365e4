package sqlite

import "fmt"

// mount is what is known of the file system below a path.
type mount struct {
	// network names a file system that other machines can share; empty for
	// local ones and where the platform doesn't tell.
	network string
}

// refuseNetwork refuses file systems of other machines: the locks and the
// shared memory of the write-ahead log don't reach across, so two nodes would
// damage the file.
func (s *Store) refuseNetwork(folder string) error {
	on, err := s.statfs(folder)
	if err != nil {
		return fmt.Errorf("look at the file system of %s: %w", folder, err)
	}
	if on.network != "" {
		return fmt.Errorf("%s is on a network file system (%s), where SQLite is not safe: use a local disk, or another store", folder, on.network)
	}
	return nil
}
