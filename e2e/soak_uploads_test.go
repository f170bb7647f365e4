package e2e

import (
	"net/http"
	"time"
)

const uploaded = "Transfer-Encoding: chunked\r\n\r\n5\r\nbytes\r\n"

// upload sends a whole body.
func (v *visitor) upload() {
	k, number, sent := v.any("good"), v.next(), time.Now()
	got, err := v.kept.exchange(v.spell(k, "POST /files", number) + uploaded + "0\r\n\r\n")
	v.note(k, number, got, err, sent, "allowed")
	if err == nil && got.status == http.StatusOK {
		v.book.did("uploaded")
	}
}

// patience is how long a client waits with the rest of a body for its head to
// arrive. One that isn't let in is answered when its body ends.
const patience = time.Second

// leaveUpload goes away in the middle of a body, once the upstream has seen its
// head: the call was let in, and counts.
func (v *visitor) leaveUpload() {
	k, number, sent := v.any("good"), v.next(), time.Now()
	c, err := dial(v.crowd.addr)
	if err != nil {
		return // a reload closes what its old listener hasn't taken
	}
	defer c.Close()
	arrived := make(chan struct{})
	v.awaited.Store(number, arrived)
	defer v.awaited.Delete(number)
	if c.write(v.spell(k, "POST /files", number)+uploaded) != nil {
		return // likewise
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-arrived:
		v.note(k, number, response{status: http.StatusOK}, nil, sent, "allowed")
		v.book.did("left an upload")
		return
	case <-wait.C:
	}
	got, err := c.exchange("0\r\n\r\n")
	if err == nil || c.read.Len() > 0 {
		v.note(k, number, got, err, sent, "allowed")
		return
	}
	select {
	case <-arrived: // after all
		v.note(k, number, response{status: http.StatusOK}, nil, sent, "allowed")
	default:
	}
}
