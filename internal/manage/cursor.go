package manage

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

const maxCursor = 200 // bytes; ours are shorter

// cursorOf names the last key of a page: its creation in microseconds, and its
// ID. Clients see an opaque text.
func cursorOf(k *keys.Key) string {
	text := strconv.FormatInt(k.CreatedAt.UnixMicro(), 10) + "," + string(k.ID)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// readCursor reads what cursorOf wrote. Empty is the first page; false says
// that this is no cursor.
func readCursor(cursor string) (time.Time, keys.ID, bool) {
	if cursor == "" {
		return time.Time{}, "", true
	}
	if len(cursor) > maxCursor {
		return time.Time{}, "", false
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return time.Time{}, "", false
	}
	micros, id, _ := strings.Cut(string(text), ",")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || !isWord(id, maxIDChars) {
		return time.Time{}, "", false
	}
	return time.UnixMicro(n).UTC(), keys.ID(id), true
}

// auditCursor names the last entry of a page by its ID, which stays where it
// is however many come before it.
func auditCursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// readAuditCursor reads what auditCursor wrote, as readCursor does.
func readAuditCursor(cursor string) (string, bool) {
	if cursor == "" {
		return "", true
	}
	if len(cursor) > maxCursor {
		return "", false
	}
	id, err := base64.RawURLEncoding.DecodeString(cursor)
	return string(id), err == nil && isWord(string(id), maxIDChars)
}

func badCursor() error { return invalid("cursor", "is none that a page of this list ended with") }
