package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Redis is a Redis server, or a Valkey one, that writes nothing to disk.
type Redis struct {
	dir, program, port string
	settings           []string
	process            *process
}

// NewRedis starts a server, with further settings as its command line has them.
func NewRedis(settings ...string) (*Redis, error) {
	program, err := redisProgram()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "keystile-redis-")
	if err != nil {
		return nil, fmt.Errorf("make its folder: %w", err)
	}
	r := &Redis{dir: dir, program: program, port: port, settings: settings}
	if err := r.Start(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func redisProgram() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("redis-server is missing: on Debian, apt-get install redis-server")
}

// Start starts a server that was stopped, or killed: empty.
func (r *Redis) Start() (err error) {
	args := append([]string{"--bind", "127.0.0.1", "--port", r.port, "--dir", r.dir, "--save", "", "--appendonly", "no"}, r.settings...)
	if r.process, err = launch(r.dir, nil, r.program, args...); err != nil {
		return err
	}
	return r.process.await(func() error {
		_, err := r.Do("PING")
		if err != nil && strings.HasPrefix(err.Error(), "-") {
			return nil // it answers, and wants a password
		}
		return err
	})
}

// Stop ends the server; what it held is lost.
func (r *Redis) Stop() error { return r.process.end(syscall.SIGTERM) }

// Kill ends the server at once.
func (r *Redis) Kill() error { return r.process.end(syscall.SIGKILL) }

// Pause holds the server up, with its connections open, until Resume.
func (r *Redis) Pause() error { return r.process.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (r *Redis) Resume() error { return r.process.cmd.Process.Signal(syscall.SIGCONT) }

// Address is where it listens, as host:port.
func (r *Redis) Address() string { return net.JoinHostPort("127.0.0.1", r.port) }

// URL is its address as clients take it.
func (r *Redis) URL() string { return "redis://" + r.Address() }

// Do sends one command by a connection of its own, beside everything that is
// tested, and answers the first line of what comes back. Words of a command
// hold no spaces.
func (r *Redis) Do(command string) (string, error) {
	const within = 5 * time.Second
	conn, err := net.DialTimeout("tcp", r.Address(), within)
	if err != nil {
		return "", fmt.Errorf("dial Redis: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return "", fmt.Errorf("bound the wait: %w", err)
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", fmt.Errorf("send a command: %w", err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if line = strings.TrimSpace(line); strings.HasPrefix(line, "-") {
		return "", errors.New(line)
	}
	return line, nil
}

// Close ends the server and removes its folder.
func (r *Redis) Close() error {
	var ended error
	if r.process != nil {
		ended = r.process.end(syscall.SIGKILL)
	}
	return errors.Join(ended, os.RemoveAll(r.dir))
}
