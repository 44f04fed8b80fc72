package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/outside"
)

// Those outside whom flows ask: the commands of stories that say what they answer.

// outsiders are functions, bots, systems and user pools at URLs.
type outsiders struct {
	http *http.Server
	tell func() // that somebody was asked

	mu  sync.Mutex
	all map[string]*outsider // by kind and name
}

// outsider is one of them, and how it answers from now on.
type outsider struct {
	answer string
	lines  map[string]json.RawMessage // a bot's answers, by what it is told
	takes  time.Duration
	status int
	fails  bool
	asked  []string // the requests
}

// cmdOutsider says how somebody outside answers: "function greet yes.json takes=2s status=503 fails". Those who are not
// named before the servers start are not known to them.
func (s *story) cmdOutsider(kind string) func(c *call) error {
	return func(c *call) error {
		if err := s.openOutside(); err != nil {
			return err
		}
		o, name := &outsider{status: http.StatusOK}, c.take()
		for _, a := range c.args {
			key, value, _ := strings.Cut(a, "=")
			var err error
			switch {
			case key == "takes":
				o.takes, err = time.ParseDuration(value)
			case key == "status":
				o.status, err = strconv.Atoi(value)
			case a == "fails":
				o.fails = true
			case strings.HasSuffix(a, ".json"):
				o.answer = c.ReadFile(a)
			default:
				o.answer = a
			}
			if err != nil {
				return err
			}
		}
		if kind == "lex" {
			if err := json.Unmarshal([]byte(o.answer), &o.lines); err != nil {
				return err
			}
		}
		if kind == "pool" {
			o.answer = idToken(o.answer)
		}
		urls := map[string]map[string]string{
			"function": s.config.Functions, "lex": s.config.Bots, "system": s.config.Systems, "pool": s.config.SignIns,
		}[kind]
		urls[name] = "http://outside/" + kind + "/" + name
		s.outside.mu.Lock()
		defer s.outside.mu.Unlock()
		if was := s.outside.all[kind+"/"+name]; was != nil {
			o.asked = was.asked
		}
		s.outside.all[kind+"/"+name] = o
		return nil
	}
}

// cmdAsked expects how often somebody outside has been asked, and prints what, a line each: "asked function greet 1".
func (s *story) cmdAsked(c *call) error {
	key, times := c.take()+"/"+c.take(), c.take()
	n, err := strconv.Atoi(times)
	if err != nil || s.outside == nil {
		return fmt.Errorf("how often was %s asked?", key)
	}
	s.on.eventually(s, func() bool { return len(s.outside.asked(key)) >= n })
	asked := s.outside.asked(key)
	if len(asked) != n {
		return unmet(fmt.Sprintf("%s was asked %d times", key, len(asked)))
	}
	print(c.Stdout(), asked)
	return nil
}

func (os *outsiders) asked(key string) []string {
	os.mu.Lock()
	defer os.mu.Unlock()
	if o := os.all[key]; o != nil {
		return o.asked
	}
	return nil
}

// openOutside gives those outside an address, once.
func (s *story) openOutside() error {
	if s.outside != nil {
		return nil
	}
	listener, dial, err := s.on.listen()
	if err != nil {
		return err
	}
	s.outside = &outsiders{tell: s.tell, all: map[string]*outsider{}}
	s.outside.http = &http.Server{Handler: s.outside}
	go func() { _ = s.outside.http.Serve(listener) }()
	s.config.Dial = outside.Dial(dial)
	s.config.Functions, s.config.Bots, s.config.Systems = map[string]string{}, map[string]string{}, map[string]string{}
	s.config.SignIns = map[string]string{}
	return nil
}

// ServeHTTP answers as the story says, for as long as whoever asks waits.
func (os *outsiders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	kind, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name, _, _ := strings.Cut(rest, "/")
	os.mu.Lock()
	o := os.all[kind+"/"+name]
	if o != nil {
		o.asked = append(o.asked, string(body))
	}
	os.mu.Unlock()
	os.tell()
	if o == nil || err != nil {
		http.NotFound(w, r)
		return
	}
	select {
	case <-time.After(o.takes):
	case <-r.Context().Done():
		return
	}
	answer := o.answer
	if o.lines != nil {
		var said struct{ Text string }
		_ = json.Unmarshal(body, &said) // it is what lines say of ""
		answer = string(o.lines[said.Text])
	}
	if o.fails {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	w.WriteHeader(o.status)
	_, _ = io.WriteString(w, answer)
}
