// Package storagetest proves the contract of package storage, guarantee by
// guarantee, for each driver.
package storagetest

import (
	"slices"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

// Place is somewhere to store. Each call opens another handle on the same
// data, as another process would, and closes it when the test ends.
type Place func(t *testing.T) storage.Store

// guarantee is a sentence that must hold for every driver.
type guarantee struct {
	name  string
	prove func(t *testing.T, f *fixture)
}

// Run proves every guarantee, each at a new and empty place.
func Run(t *testing.T, newPlace func(t *testing.T) Place) {
	t.Helper()
	all := slices.Concat(
		schemaGuarantees, keyGuarantees, lookupGuarantees, listGuarantees, queryGuarantees, countGuarantees,
		updateGuarantees, commitGuarantees, contextGuarantees, changeGuarantees, confirmGuarantees,
		catalogueGuarantees, tokenGuarantees, schemeGuarantees, pepperGuarantees, auditGuarantees, creationGuarantees,
		usageGuarantees, activityGuarantees, batchGuarantees, pruneGuarantees, costGuarantees, endingGuarantees,
		profileGuarantees, nodeGuarantees, doubtGuarantees, rankedGuarantees, denialGuarantees, journalGuarantees, inLargeBatches(),
	)
	for _, g := range all {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.prove(t, setup(t, newPlace))
		})
	}
}
