package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fullLoad makes tests of load run for as long as what they prove is stated
// for; without it, they are short.
const fullLoad = "KEYSTILE_FULL_LOAD"

func isFull() bool { return os.Getenv(fullLoad) != "" }

func sized[T any](short, full T) T {
	if isFull() {
		return full
	}
	return short
}

// flood is more requests than anybody wants, on a few connections that send
// many at once and wait for their answers together.
type flood struct {
	addr      string   // empty: of the gate
	sources   []string // local addresses; connections are spread over them
	clients   int
	perSecond int // at most; as many as there can be, if not so many
	span      time.Duration
	// next spells the next request of a client. Each client has its own.
	next func(client int) func() string
}

// flooded is what came of it.
type flooded struct {
	answers map[int]int // by status
	broken  []error
	took    time.Duration
}

func (f flooded) total() (n int) {
	for _, of := range f.answers {
		n += of
	}
	return n
}

func (f flooded) String() string {
	return fmt.Sprintf("%d requests in %v, %.0f a second, answered %v", f.total(), f.took.Round(time.Millisecond),
		float64(f.total())/f.took.Seconds(), f.answers)
}

// only fails the test where other statuses came than these, or none.
func (f flooded) only(t testing.TB, statuses ...int) {
	t.Helper()
	if len(f.broken) > 0 {
		t.Errorf("%d connections broke, such as by: %v", len(f.broken), f.broken[0])
	}
	for status := range maps.Keys(f.answers) {
		if !slices.Contains(statuses, status) {
			t.Errorf("%d answers were %d, want %v only", f.answers[status], status, statuses)
		}
	}
	if f.total() == 0 {
		t.Error("nothing was answered")
	}
}

// flood sends one, and returns when it is over.
func (g *gate) flood(f flood) flooded {
	g.t.Helper()
	// With a processor of Go's own for each client, the system decides who runs:
	// a client that stepped back must not hold one that another waits for.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + f.clients))
	var mu sync.Mutex
	sum := flooded{answers: map[int]int{}}
	var clients sync.WaitGroup
	began := time.Now()
	for i := range f.clients {
		clients.Go(func() {
			stepBack()
			answers, err := f.run(orElse(f.addr, g.addr), i)
			mu.Lock()
			defer mu.Unlock()
			for status, n := range answers {
				sum.answers[status] += n
			}
			if err != nil {
				sum.broken = append(sum.broken, err)
			}
		})
	}
	clients.Wait()
	sum.took = time.Since(began)
	return sum
}

const (
	mostAtOnce = 16 // requests that one client sends before it reads
	floodTick  = 2 * time.Millisecond
)

func (f flood) run(addr string, client int) (map[int]int, error) {
	c, err := dialFrom(f.sources[client%len(f.sources)], addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(f.span + exchangeWithin)); err != nil {
		return nil, err
	}
	answers, reader := map[int]int{}, bufio.NewReaderSize(c.Conn, 1<<16)
	next, sent := f.next(client), 0
	tick := time.NewTicker(floodTick)
	defer tick.Stop()
	var batch bytes.Buffer
	for began := time.Now(); time.Since(began) < f.span; {
		due := int(time.Since(began).Seconds()*float64(f.perSecond)/float64(f.clients)) + 1 - sent
		if due <= 0 {
			<-tick.C
			continue
		}
		due = min(due, mostAtOnce)
		batch.Reset()
		for range due {
			batch.WriteString(next())
		}
		if _, err := batch.WriteTo(c.Conn); err != nil {
			return answers, err
		}
		for range due {
			status, err := skim(reader)
			if err != nil {
				return answers, err
			}
			answers[status]++
		}
		sent += due
	}
	return answers, nil
}

// stepBack lets others have the processors first: a flood comes from elsewhere,
// and what it costs to make it must not count as what it does.
func stepBack() {
	const nice = 10
	runtime.LockOSThread()                                                // to the end: the thread goes with its goroutine
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), nice) // if it can't, figures are worse
}

// skim reads one answer with a Content-Length and keeps its status only.
func skim(reader *bufio.Reader) (status int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if first {
			_, rest, _ := strings.Cut(text, " ")
			if status, err = strconv.Atoi(rest[:min(3, len(rest))]); err != nil {
				return 0, fmt.Errorf("status line %q: %w", text, err)
			}
			continue
		}
		if text == "" {
			_, err := io.CopyN(io.Discard, reader, int64(length))
			return status, err
		}
		if name, value, _ := strings.Cut(text, ": "); strings.EqualFold(name, "Content-Length") {
			length, _ = strconv.Atoi(value)
		}
	}
}
