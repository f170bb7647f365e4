package storage

import (
	"context"
	"time"
)

// Profile is a name that keys of one workspace can bear for the upstream. No
// decision depends on the catalogue, so its changes are not logged.
type Profile struct {
	Name      string
	Workspace string
	CreatedAt time.Time
}

// ProfileReader reads the catalogue of profiles.
type ProfileReader interface {
	Profile(ctx context.Context, workspace, name string) (Profile, error)
	// Profiles lists a workspace's profiles by name.
	Profiles(ctx context.Context, workspace string) ([]Profile, error)
	// ProfileInUse reports whether any key of the workspace bears the profile,
	// whatever its status.
	ProfileInUse(ctx context.Context, workspace, name string) (bool, error)
}

// ProfileWriter changes the catalogue of profiles.
type ProfileWriter interface {
	InsertProfile(ctx context.Context, p Profile) error
	// DeleteProfile doesn't look whether a key bears it.
	DeleteProfile(ctx context.Context, workspace, name string) error
}
