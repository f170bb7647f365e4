package storage

import (
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// KeyFilter selects keys of one workspace. Zero fields don't filter.
type KeyFilter struct {
	Workspace   string
	Status      keys.Status // as StatusAt(Now)
	Environment keys.Environment
	Project     string
	Owner       string
	Query       string // part of the name, the hint or the ID, in any case
	Now         time.Time
	// After is the last key of the page before: its creation and ID. It goes
	// with the order of lists only.
	After   time.Time
	AfterID keys.ID
	Limit   int

	// UnusedSince selects keys that were made before then, have not ended at
	// Now, and were not used from then on.
	UnusedSince time.Time
	// EndsBefore selects keys that have not ended at Now and will have then.
	EndsBefore time.Time
	// Order, where stated, takes the place of that of lists.
	Order KeyOrder
	// Offset leaves so many keys out at the beginning. It costs as much as
	// reading them.
	Offset int
}

// Plain reports whether keys are selected and put in order by nothing but
// what an index of lists holds.
func (f *KeyFilter) Plain() bool {
	return f.UnusedSince.IsZero() && f.EndsBefore.IsZero() && f.Order == KeyOrder{} && f.Offset == 0
}

// KeyOrder is what keys are put in order by. The zero order is that of lists:
// by descending creation. Keys that are equal in it are in the order of lists.
type KeyOrder struct {
	By         KeyColumn
	Descending bool
}

// KeyColumn is something to put keys in order by.
type KeyColumn string

// What keys can be put in order by. A key that never ends comes after all
// others, and one that was never used before them.
const (
	ByCreation KeyColumn = "created"
	ByName     KeyColumn = "name" // in any case
	ByEnd      KeyColumn = "expires"
	ByLastUse  KeyColumn = "used"
	ByCalls    KeyColumn = "calls"
)

// UsageBy is what usage of many keys is added up by.
type UsageBy string

// What usage can be added up by.
const (
	UsageByHour     UsageBy = "hour"
	UsageByEndpoint UsageBy = "endpoint"
	UsageByProject  UsageBy = "project"
	UsageByOutcome  UsageBy = "outcome"
	UsageByKey      UsageBy = "key"
)

// UsageSumOf selects the usage of a workspace's keys, deleted ones included.
type UsageSumOf struct {
	Workspace string
	Project   string    // that the keys belong to; empty: all keys
	From      time.Time // the first hour
	By        UsageBy
	Limit     int // of the sums, those with the most allowed calls; 0: all
}

// UsageSum is one sum. Which of Hour and Name says what of, By does.
type UsageSum struct {
	Hour   time.Time
	Name   string // an endpoint, a project, an outcome or a key's ID
	Calls  int64  // allowed
	Denied int64
}
