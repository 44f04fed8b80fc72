package clients

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The AWS provider of Terraform is not run here. This file is a stand-in: terraform_resources_test.go says of each of its
// resources which calls it makes in which order and what it reads from the answers, terraform_cases_test.go has the
// configurations, and this file plans and applies them as Terraform does.

// values are the attributes of a configuration, of a state or of a block in one. A zero value is an attribute that is not set.
type values map[string]any

// set is a list whose order does not matter.
type set []any

func (v values) text(name string) string  { s, _ := v[name].(string); return s }
func (v values) yes(name string) bool     { b, _ := v[name].(bool); return b }
func (v values) number(name string) int32 { n, _ := v[name].(int); return int32(n) }
func (v values) block(name string) values { b, _ := v[name].(values); return b }

// sent is an attribute as a member that is always in the request, given one that is left out when it is not set.
func (v values) sent(name string) *string { return aws.String(v.text(name)) }
func (v values) given(name string) *string {
	if v.text(name) == "" {
		return nil
	}
	return v.sent(name)
}

func (v values) texts(name string) []string {
	list := []string{}
	for _, one := range v.set(name) {
		list = append(list, one.(string))
	}
	return list
}

func (v values) set(name string) set { s, _ := v[name].(set); return s }

// with is a copy with other attributes.
func (v values) with(changed values) values {
	v = maps.Clone(v)
	if v == nil {
		v = values{}
	}
	maps.Copy(v, changed)
	return v
}

// setOf is a set of the elements of a list.
func setOf[T any](list []T) set {
	s := set{}
	for _, one := range list {
		s = append(s, one)
	}
	return s
}

// lacks are the elements of s that are not in other.
func (s set) lacks(other set) set {
	return slices.DeleteFunc(slices.Clone(s), func(one any) bool {
		return slices.ContainsFunc(other, func(two any) bool { return same(one, two) })
	})
}

// plain is a value in the form in which two that are the same are equal: attributes that are not set are left out, sets are sorted.
func plain(v any) any {
	switch v := v.(type) {
	case values:
		if v == nil {
			return nil
		}
		out := map[string]any{}
		for name, member := range v {
			if p := plain(member); p != nil {
				out[name] = p
			}
		}
		return out // a block without attributes is a block
	case set:
		out := []string{}
		for _, one := range v {
			text, _ := json.Marshal(plain(one))
			out = append(out, string(text))
		}
		slices.Sort(out)
		if len(out) == 0 {
			return nil
		}
		return out
	case map[string]string:
		if len(v) == 0 {
			return nil
		}
	}
	if v == nil || reflect.ValueOf(v).IsZero() {
		return nil
	}
	return v
}

func same(a, b any) bool { return reflect.DeepEqual(plain(a), plain(b)) }

// resource is one of the provider's resource types.
type resource struct {
	computed string // attributes that the server gives, and must
	optional string // attributes that the server may give when the configuration does not have them
	replace  string // attributes whose change makes the resource anew
	unread   string // attributes that are not read back
	tagged   bool
	defaults values
	same     map[string]func(state, config any) bool // the differences that are none
	remains  values                                  // what a read finds after the resource was destroyed, if it is not gone

	create func(p *provider, c values) (id string)
	read   func(p *provider, id string) (values, error)
	update func(p *provider, state, c values, changed func(names ...string) bool)
	remove func(p *provider, state values)
	find   func(p *provider, state values) (ids []string) // the data source: those of its name
}

func has(list, name string) bool { return slices.Contains(strings.Fields(list), name) }

// provider is the stand-in, configured for a server.
type provider struct {
	t        testing.TB
	client   *connect.Client
	defaults map[string]string // default_tags
}

// errGone is what a read says when a List does not have the resource.
var errGone = errors.New("not found")

func gone(err error) bool {
	var notFound *types.ResourceNotFoundException
	return errors.Is(err, errGone) || errors.As(err, &notFound)
}

// join is the id of a state. The provider divides it at the first colon.
func (p *provider) join(instance string, id *string) string {
	p.t.Helper()
	if aws.ToString(id) == "" || strings.Contains(*id, ":") {
		p.t.Fatalf("the id %q is empty or has a colon", aws.ToString(id))
	}
	return instance + ":" + *id
}

func divide(id string) (instance, rest string) {
	instance, rest, _ = strings.Cut(id, ":")
	return instance, rest
}

// must is a member that the provider dereferences.
func must[T any](p *provider, what string, member *T) *T {
	p.t.Helper()
	if member == nil {
		p.t.Fatalf("empty response: %s is absent", what)
	}
	return member
}

var ids atomic.Uint32

// uniqueID is a client token of Terraform, which is not a UUID.
func uniqueID() *string {
	now := time.Now().UTC()
	return aws.String(fmt.Sprintf("terraform-%s%04d%08x", now.Format("20060102150405"), now.Nanosecond()/100000, ids.Add(1)))
}

// uuid is a random UUID.
func uuid() *string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return aws.String(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

// await polls until status is one of the ends; the other statuses are waited on.
func (p *provider) await(what string, status func() (string, error), wait string, end ...string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		is, err := status()
		if len(end) == 0 && gone(err) {
			return
		}
		if err != nil {
			p.t.Fatalf("wait for %s: %v", what, err)
		}
		if slices.Contains(end, is) {
			return
		}
		if is != wait {
			p.t.Fatalf("wait for %s: unexpected state %q, want %q, then %q", what, is, wait, end)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("wait for %s: it is still %s after %v", what, is, patience)
		}
	}
}

// paginator is one of the SDK's.
type paginator[Out any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*connect.Options)) (*Out, error)
}

// listed is what all pages have.
func listed[Out, S any](p *provider, pages paginator[Out], list func(*Out) []S) (all []S, err error) {
	for pages.HasMorePages() {
		page, err := pages.NextPage(p.t.Context())
		if err != nil {
			return nil, err
		}
		all = append(all, list(page)...)
	}
	return all, nil
}

// named are the ids of those whose name is exactly this.
func named[Out, S any](p *provider, pages paginator[Out], list func(*Out) []S, of func(*S) (name, id *string), name string) (ids []string) {
	p.t.Helper()
	all, err := listed(p, pages, list)
	if err != nil {
		p.t.Fatalf("%T: %v", pages, err)
	}
	for i := range all {
		if called, id := of(&all[i]); aws.ToString(called) == name {
			ids = append(ids, aws.ToString(id))
		}
	}
	return ids
}

// tags are those that the provider keeps.
func tags(all map[string]string) map[string]string {
	all = maps.Clone(all)
	maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	return all
}

// tagsOf are the tags of a request that creates: the configuration's and the provider's.
func (p *provider) tagsOf(c values) map[string]string {
	all := maps.Clone(p.defaults)
	if own, _ := c["tags"].(map[string]string); len(own) > 0 {
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, own)
	}
	return all
}

// retag does what the provider does before a resource's own update: it takes keys away, then gives changed and new ones.
func (p *provider) retag(arn string, old, now map[string]string) {
	p.t.Helper()
	var removed []string
	for key := range old {
		if _, kept := now[key]; !kept {
			removed = append(removed, key)
		}
	}
	set := map[string]string{}
	for key, value := range now {
		if before, had := old[key]; !had || before != value {
			set[key] = value
		}
	}
	if len(removed) > 0 {
		ask(p.t, p.client.UntagResource, &connect.UntagResourceInput{ResourceArn: aws.String(arn), TagKeys: removed})
	}
	if len(set) > 0 {
		ask(p.t, p.client.TagResource, &connect.TagResourceInput{ResourceArn: aws.String(arn), Tags: set})
	}
}

// managed is a resource under Terraform: its type and its state, which is nil when there is none.
type managed struct {
	*resource
	p     *provider
	state values
}

// refresh reads the resource into the state. known is what the read cannot say.
func (m *managed) refresh(id string, known values) {
	m.p.t.Helper()
	state, err := m.read(m.p, id)
	if gone(err) {
		m.state = nil
		return
	}
	if err != nil {
		m.p.t.Fatalf("read %s: %v", id, err)
	}
	state["id"] = id
	for _, name := range strings.Fields(m.unread) {
		state[name] = known[name]
	}
	m.state = state
	for _, name := range strings.Fields(m.computed) {
		if plain(state[name]) == nil {
			m.p.t.Errorf("%s is not set after a read", name)
		}
	}
	if arn := state.text("arn"); arn != "" && !strings.HasPrefix(arn, "arn:aws:") {
		m.p.t.Errorf("arn is %q", arn)
	}
}

// complete is the configuration with the defaults of its type and the provider's tags.
func (m *managed) complete(c values) values {
	c = m.defaults.with(c)
	if m.tagged {
		c["tags_all"] = m.p.tagsOf(c)
	}
	delete(c, "tags")
	return c
}

// plan says which attributes differ. It is empty when there is nothing to do.
func (m *managed) plan(c values) (different []string) {
	if m.state == nil {
		return []string{"everything"}
	}
	c = m.complete(c)
	names := maps.Clone(m.state)
	maps.Copy(names, c)
	for name := range names {
		is, want := m.state[name], c[name]
		switch {
		case name == "id", has(m.computed, name), has(m.optional, name) && plain(want) == nil:
		case same(is, want), m.same[name] != nil && m.same[name](is, want):
		default:
			different = append(different, name)
		}
	}
	slices.Sort(different)
	return different
}

// settled fails the test unless a new read leaves nothing to do.
func (m *managed) settled(when string, c values) {
	m.p.t.Helper()
	m.refresh(m.state.text("id"), m.state)
	if m.state == nil {
		m.p.t.Fatalf("%s: it is gone", when)
	}
	for _, name := range m.plan(c) {
		m.p.t.Errorf("%s: the plan changes %s: it is %v and should be %v", when, name, plain(m.state[name]), plain(m.complete(c)[name]))
	}
	if m.p.t.Failed() {
		m.p.t.FailNow()
	}
}

// apply makes the resource what the configuration says.
func (m *managed) apply(c values) {
	m.p.t.Helper()
	different := m.plan(c)
	if len(different) == 0 {
		m.p.t.Fatalf("there is nothing to do for %v", c)
	}
	full := m.complete(c)
	if m.state != nil && slices.ContainsFunc(different, func(name string) bool { return has(m.replace, name) }) {
		m.destroy()
	}
	if m.state == nil {
		id := m.create(m.p, m.defaults.with(c))
		m.refresh(id, full)
		if m.state == nil {
			m.p.t.Fatalf("%s was created and is not found", id)
		}
		return
	}
	if slices.Contains(different, "tags_all") {
		old, _ := m.state["tags_all"].(map[string]string)
		m.p.retag(m.state.text("arn"), old, full["tags_all"].(map[string]string))
	}
	if m.update != nil {
		m.update(m.p, m.state, full, func(names ...string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(different, name) })
		})
	}
	id := m.state.text("id")
	m.refresh(id, full)
	if m.state == nil {
		m.p.t.Fatalf("%s was updated and is not found", id)
	}
}

// destroy removes the resource and forgets it.
func (m *managed) destroy() {
	m.p.t.Helper()
	m.remove(m.p, m.state)
	m.absent("after it was destroyed", m.state.text("id"))
	m.state = nil
}

func (m *managed) absent(when, id string) {
	m.p.t.Helper()
	state, err := m.read(m.p, id)
	switch {
	case m.remains != nil && err == nil:
		if !same(state["hierarchy_structure"], m.remains["hierarchy_structure"]) {
			m.p.t.Fatalf("%s it is %v, want %v", when, state, m.remains)
		}
	case !gone(err):
		m.p.t.Fatalf("%s a read says %v and finds %v, want a ResourceNotFoundException", when, err, state)
	}
}

// story is a case: a configuration of a resource and what happens to it.
type story struct {
	name     string
	of       *resource
	config   values
	changed  values // attributes that are updated, first one after the other, then all back at once
	replaced values // attributes whose change makes the resource anew
	twice    string // an attribute that needs a second apply after a creation, with Amazon Connect too
	check    func(p *provider, state values)
}

// play applies, updates, imports and destroys a resource.
func (s story) play(p *provider) {
	t := p.t
	m := &managed{resource: s.of, p: p}
	config := s.config
	if m.tagged {
		config = config.with(values{"tags": map[string]string{"team": "blue", "cost centre/é": "1"}})
	}
	s.create(m, config)
	m.settled("after it was created", config)
	if s.check != nil {
		s.check(p, m.state)
	}
	id := m.state.text("id")

	if m.tagged {
		config = config.with(values{"tags": map[string]string{"team": "green", "Owner": "a+b=c@example.com"}})
		m.apply(config)
		m.settled("after its tags were changed", config)
	}
	now := config
	for _, name := range slices.Sorted(maps.Keys(s.changed)) {
		now = now.with(values{name: s.changed[name]})
		m.apply(now)
		m.settled("after "+name+" was updated", now)
	}
	if len(s.changed) > 0 {
		m.apply(config)
		m.settled("after all was updated back", config)
	}
	if m.state.text("id") != id {
		t.Fatalf("the updates made another: %s, want %s", m.state.text("id"), id)
	}
	if m.tagged {
		p.defaults = map[string]string{"owner": "platform", "team": "all"}
		m.apply(config)
		m.settled("after default_tags were given", config)
		bare := config.with(values{"tags": nil})
		m.apply(bare)
		m.settled("with default_tags alone", bare)
		p.defaults = nil
		m.apply(bare)
		m.settled("without tags", bare)
		m.apply(config)
	}

	imported := &managed{resource: s.of, p: p}
	imported.refresh(id, nil)
	if imported.state == nil {
		t.Fatalf("%s cannot be imported", id)
	}
	for name, want := range m.state {
		if !has(m.unread, name) && !same(imported.state[name], want) {
			t.Errorf("%s is %v after an import, want %v", name, plain(imported.state[name]), plain(want))
		}
	}
	if m.find != nil {
		if found := m.find(p, m.state); !reflect.DeepEqual(found, []string{id}) {
			t.Errorf("the data source finds %q, want %s alone", found, id)
		}
	}

	if s.replaced != nil {
		next := config.with(s.replaced)
		m.apply(next)
		m.settled("after it was replaced", next)
		m.apply(config)
		m.settled("after it was replaced back", config)
		id = m.state.text("id")
	}

	m.remove(p, m.state)
	m.absent("after somebody deleted it", id)
	m.refresh(id, m.state)
	if m.tagged {
		p.defaults = map[string]string{"owner": "platform"}
	}
	s.create(m, config)
	m.settled("after it was made anew", config)
	p.defaults = nil
	m.destroy()
}

// create makes the resource, and applies a second time where that is needed.
func (s story) create(m *managed, config values) {
	m.p.t.Helper()
	m.apply(config)
	if s.twice != "" {
		if plan := m.plan(config); !slices.Equal(plan, []string{s.twice}) {
			m.p.t.Fatalf("after it was created the plan changes %s, want %s alone", plan, s.twice)
		}
		m.apply(config)
	}
}

// TestTerraform plays every case against one server, in an instance that the stand-in has made, as the acceptance tests of the
// provider do.
func TestTerraform(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	who, err := sts.New(sts.Options{
		BaseEndpoint: aws.String(s.endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("dev", "dev", ""),
	}).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatalf("the provider does not start: %v", err)
	}
	p := &provider{t: t, client: connect.New(connect.Options{
		BaseEndpoint: aws.String(s.endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("dev", "dev", ""),
		HTTPClient: unfailing{t},
	})}
	w := newWorld(p, aws.ToString(who.Account))
	on := func(name string, play func(p *provider)) {
		t.Run(name, func(t *testing.T) { play(&provider{t: t, client: p.client}) })
	}
	for _, c := range w.stories() {
		on(c.name, c.play)
	}
	on("data sources", w.lookUp)
	on("ten at a time", w.atOnce)
	on("faults are seen", w.faults)
	on("all of an instance that somebody deleted", w.vanish)
	w.second.destroy()
}

// recorder is a test that may fail: it keeps why.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recorder) Error(args ...any)                 { r.Errorf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); runtime.Goexit() }
func (r *recorder) Fatal(args ...any)                 { r.Fatalf("%s", fmt.Sprint(args...)) }
func (r *recorder) FailNow()                          { runtime.Goexit() }
func (r *recorder) Failed() bool                      { return len(r.failures) > 0 }

// twisted is a transport that changes the answers that have a member.
type twisted struct {
	under  unfailing
	member string
	twist  func(answer, member map[string]any)
}

func (w twisted) Do(r *http.Request) (*http.Response, error) {
	response, err := w.under.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	if json.Unmarshal(text, &answer) == nil {
		if member, ok := answer[w.member].(map[string]any); ok {
			w.twist(answer, member)
			if text, err = json.Marshal(answer); err != nil {
				return nil, err
			}
			response.ContentLength = int64(len(text))
			response.Header.Set("Content-Length", strconv.Itoa(len(text)))
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}

// unfailing is a transport that fails the test when the server answers with a 5xx, which the provider repeats for many minutes.
type unfailing struct{ t testing.TB }

func (u unfailing) Do(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultClient.Do(r)
	if err == nil && response.StatusCode >= 500 {
		u.t.Errorf("%s %s was answered with %s", r.Method, r.URL.Path, response.Status)
	}
	return response, err
}
