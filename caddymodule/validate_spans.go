package caddymodule

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/manage"
)

const day = 24 * time.Hour

// span is how long an option's duration may be.
type span struct {
	least, most time.Duration // most 0: there is no such bound
	why         string        // of least; empty: it needs no reason
}

var (
	stalenessSpan = span{least: time.Second, most: day}
	staleSpan     = span{least: defaultStaleness, most: 7 * day, why: "max_staleness"}
	graceSpan     = span{least: time.Second, most: manage.MaxRotationGrace}
	flushSpan     = span{least: 10 * time.Millisecond, most: time.Hour}
	// Longer than any month: its quotas are summed up from usage.
	retentionSpan = span{least: 32 * day, why: "quotas of a month are summed up from usage"}
)

// check refuses what is out of bounds. 0 is what is left out.
func (s span) check(path string, of caddy.Duration) error {
	d := time.Duration(of)
	if d == 0 || d >= s.least && (s.most == 0 || d <= s.most) {
		return nil
	}
	return faultf(path, "%s", s.refuse(path[strings.LastIndexByte(path, '/')+1:], d))
}

// refuse says what an option may be in place of a duration.
func (s span) refuse(option string, d time.Duration) string {
	bounds := spell(s.least)
	if s.why != "" {
		bounds += " (" + s.why + ")"
	}
	if s.most == 0 {
		return fmt.Sprintf("%s is %s; it must be at least %s", option, spell(d), bounds)
	}
	return fmt.Sprintf("%s is %s; it must be %s to %s", option, spell(d), bounds, spell(s.most))
}

// spell is a duration as people write it: 365d, 24h, 1m30s.
func spell(d time.Duration) string {
	if d > day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// checkFigures takes 0 for what is left out.
func (c *Config) checkFigures() error {
	usage := cmp.Or(c.Usage, &Usage{})
	stale := staleSpan
	stale.least = cmp.Or(time.Duration(c.MaxStaleness), stale.least)
	for _, err := range []error{
		stalenessSpan.check("max_staleness", c.MaxStaleness),
		stale.check("serve_stale", c.ServeStale),
		flushSpan.check("usage/flush_interval", usage.FlushInterval),
		retentionSpan.check("usage/retention", usage.Retention),
		graceSpan.check("rotation_grace", c.RotationGrace),
	} {
		if err != nil {
			return err
		}
	}
	if c.CacheSize < 0 || c.CacheSize > maxCacheSize {
		return faultf("cache_size", "cache_size is %d; it must be 1 to %d", c.CacheSize, maxCacheSize)
	}
	return nil
}
