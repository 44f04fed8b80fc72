package load

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Binary returns the parley under load: the one that PARLEY_BINARY names, or else the one that this tree makes, built
// once a process. The working directory must be inside the tree.
var Binary = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("PARLEY_BINARY"); given != "" {
		return given, nil
	}
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	tree := filepath.Dir(strings.TrimSpace(string(mod)))
	binary := filepath.Join(tree, ".work", "parley-under-load")
	// Built aside and moved: the tests of several packages may do this at once.
	aside := fmt.Sprintf("%s.%d", binary, os.Getpid())
	build := exec.Command("go", "build", "-o", aside, "./cmd/parley")
	build.Dir = tree
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/parley: %w\n%s", err, out)
	}
	return binary, os.Rename(aside, binary)
})

// Server is a `parley serve` on loopback, and what it takes to call it. The fields stay as they are over restarts.
type Server struct {
	Database string // as of --db
	Address  string // host:port of the API
	Operator string // host:port of health and debug pages
	Instance string // id
	Flow     string // id of the one that StartChat starts: it greets, and then waits

	keyID, secret string
	command       func() (*exec.Cmd, error) // makes the process, not started
	log           io.Writer
	cmd           *exec.Cmd
	exited        chan struct{}
}

// masterSecret seals the keys of stores that hold nothing but load.
const masterSecret = "bG9hZCBsb2FkIGxvYWQgbG9hZCBsb2FkIGxvYWQgbG8="

// NewServer makes a server on a store: an access key, an instance and a published flow that greets and then waits. It
// is running when NewServer returns. What it prints goes to log.
func NewServer(database string, log io.Writer) (*Server, error) {
	s := &Server{Database: database, log: log}
	s.command = s.serve
	out, err := s.admin("key", "create")
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Sscanf(out, "export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n", &s.keyID, &s.secret); err != nil {
		return nil, fmt.Errorf("parley key create printed %q: %w", out, err)
	}
	// The aliases of one store must differ.
	if out, err = s.admin("instance", "create", fmt.Sprintf("load-%x", time.Now().UnixNano())); err != nil {
		return nil, err
	}
	s.Instance = strings.TrimSpace(out)
	if err := s.startAnywhere(); err != nil {
		return nil, err
	}
	if err := s.createFlow(); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// Another starts another node beside the server. database names the same store, perhaps with other parameters.
func (s *Server) Another(database string, log io.Writer) (*Server, error) {
	other := &Server{Database: database, Instance: s.Instance, Flow: s.Flow, keyID: s.keyID, secret: s.secret, log: log}
	other.command = other.serve
	return other, other.startAnywhere()
}

// startAnywhere starts the process on addresses that are free.
func (s *Server) startAnywhere() (err error) {
	if s.Address, err = freeAddress(); err != nil {
		return err
	}
	if s.Operator, err = freeAddress(); err != nil {
		return err
	}
	_, err = s.Start()
	return err
}

// NewDev starts `parley dev`, which accepts any key, on a store in memory.
func NewDev(log io.Writer) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{Address: address, Operator: address, keyID: "any", secret: "any", log: log}
	s.command = func() (*exec.Cmd, error) {
		binary, err := Binary()
		if err != nil {
			return nil, err
		}
		return exec.Command(binary, "dev", "--listen", address), nil
	}
	_, err = s.Start()
	return s, err
}

// StartOther starts a program that answers as a parley does, at the address that it finds in an environment variable,
// on which the operator's pages are too.
func StartOther(program, variable string, log io.Writer) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{Address: address, Operator: address, keyID: "any", secret: "any", log: log}
	s.command = func() (*exec.Cmd, error) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), variable+"="+address)
		return cmd, nil
	}
	_, err = s.Start()
	return s, err
}

// serve is `parley serve` on the server's store.
func (s *Server) serve() (*exec.Cmd, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "serve", "--db", s.Database, "--listen", s.Address, "--operator-listen", s.Operator,
		"--public-url", "http://"+s.Address, "--region", region, "--log-level", "warn")
	cmd.Env = append(os.Environ(), "PARLEY_SECRET="+masterSecret)
	return cmd, nil
}

// admin runs one of the administrative commands on the server's store and returns what it prints.
func (s *Server) admin(command ...string) (string, error) {
	binary, err := Binary()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(binary, append(command, "--db", s.Database)...)
	cmd.Env = append(os.Environ(), "PARLEY_SECRET="+masterSecret)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("parley %s: %w: %s", strings.Join(command, " "), err, complaint.Bytes())
	}
	return string(out), nil
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

func (s *Server) createFlow() error {
	l, err := Dial(s.Address, time.Now().Add(patience))
	if err != nil {
		return err
	}
	defer l.Close()
	s.Flow, err = s.CreateFlow(l, "load", GreetAndWait(Greeting))
	return err
}

// patience is how long a server may take for what is usually a matter of milliseconds.
const patience = 30 * time.Second

// Start starts the process and returns how long it took from fork to the first 200 of /health/ready.
func (s *Server) Start() (time.Duration, error) {
	cmd, err := s.command()
	if err != nil {
		return 0, err
	}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	exited := make(chan struct{})
	s.cmd, s.exited = cmd, exited
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(exited)
	}()
	if err := s.awaitReady(); err != nil {
		s.Kill()
		return 0, err
	}
	return time.Since(began), nil
}

func (s *Server) awaitReady() error {
	deadline := time.Now().Add(patience)
	for {
		err := ready(s.Address, deadline)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended before it was ready: %v", s.cmd.ProcessState)
		case <-time.After(200 * time.Microsecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server is not ready after %v: %w", patience, err)
		}
	}
}

func ready(address string, deadline time.Time) error {
	l, err := Dial(address, deadline)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = l.Call(NewRequest(address, "GET", "/health/ready"), nil)
	return err
}

// PID is the process's, for /proc.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Exited is closed when the process that was started last has ended.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Signal sends the process a signal.
func (s *Server) Signal(sig syscall.Signal) error { return s.cmd.Process.Signal(sig) }

// Kill ends the process as kill -9 does, and returns when it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may be gone already
	<-s.exited
}

// Stop ends the process in good order: SIGTERM, and exit status 0 in time.
func (s *Server) Stop() error {
	if err := s.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.Kill()
		return fmt.Errorf("the server had not stopped %v after SIGTERM", patience)
	}
	if !s.cmd.ProcessState.Success() {
		return fmt.Errorf("the server, told to stop: %v", s.cmd.ProcessState)
	}
	return nil
}
