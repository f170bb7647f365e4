package manage

import (
	"context"
	"time"
)

// NewProfile asks for a profile.
type NewProfile struct {
	Name string `json:"name"`
}

// ProfileView is a profile as everybody sees it.
type ProfileView struct {
	Name      string    `json:"name"`
	Workspace string    `json:"workspace"`
	CreatedAt time.Time `json:"created_at"`
}

// CreateProfile implements Service.
func (m *Manager) CreateProfile(ctx context.Context, call Call, ask NewProfile) (ProfileView, error) {
	panic("awaited")
}

// ListProfiles implements Service.
func (m *Manager) ListProfiles(ctx context.Context, call Call) (Page[ProfileView], error) {
	panic("awaited")
}

// DeleteProfile implements Service.
func (m *Manager) DeleteProfile(ctx context.Context, call Call, name string) error {
	panic("awaited")
}
