package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/parley-chat/parley/internal/rehearsal"
)

// playScreen shows a rehearsal, to a person or a script.
type playScreen struct{ screen }

func (s *playScreen) show(kind, who, what string) {
	if s.plain {
		s.line(kind, who, what)
		return
	}
	if text := s.sentence(kind, onOneScreen(who), what); text != "" {
		_, _ = fmt.Fprintln(s.w, text) // if nobody reads it, nobody misses it
	}
}

// sentence is an event for a person.
func (s *playScreen) sentence(kind, who, what string) string {
	said := onOneScreen(what)
	switch kind {
	case "message":
		return s.paint(bold, who+":") + " " + said
	case "interactive":
		return s.paint(bold, who+":") + " " + onOneScreen(choices(what))
	case "view":
		return s.paint(bold, "View "+who) + " " + said + "\n" + s.paint(dim, "/view ACTION DATA answers it.")
	case "sign-in":
		return s.paint(dim, "The customer is asked to sign in. /sign-in does.")
	case "action":
		return s.paint(dim, "  "+who+" · "+said)
	case "queued":
		return s.paint(dim, "The contact waits in the queue "+who+". /accept lets an agent take it.")
	case "accepted":
		return s.paint(dim, "An agent has taken the contact. /leave lets the agent leave.")
	case "waiting":
		if said == "" {
			return s.paint(dim, "("+who+")")
		}
		return s.paint(dim, "("+who+" until "+said+": /wait)")
	case "ended":
		return s.paint(dim, "The chat has ended.")
	case "returned":
		return s.paint(dim, "The module returns ") + said
	case "fault":
		return s.paint(bold, "The flow was broken off: ") + said
	case "state":
		return said
	}
	return s.paint(dim, said)
}

// choices is what an interactive message offers, as text; one that offers none is shown as it is.
func choices(content string) string {
	var message struct {
		Data struct {
			Content struct {
				Title, Subtitle string
				Elements        []struct{ Title, Subtitle string }
			}
		}
	}
	if err := json.Unmarshal([]byte(content), &message); err != nil || message.Data.Content.Title == "" {
		return content
	}
	c := message.Data.Content
	text := strings.TrimSpace(c.Title + "\n" + c.Subtitle)
	for _, e := range c.Elements {
		text += strings.TrimRight("\n- "+e.Title+" "+e.Subtitle, " ")
	}
	return text
}

// tellCoverage prints what playing every branch came to.
func tellCoverage(w io.Writer, c *rehearsal.Coverage, all bool) error {
	var b strings.Builder
	reached, taken, branches, open := 0, 0, 0, 0
	for _, a := range c.Actions {
		if a.Reached {
			reached++
		}
		for _, branch := range a.Branches {
			branches++
			if branch.Taken {
				taken++
			} else if branch.Why == "" {
				open++
			}
			tellBranch(&b, &a, branch, all)
		}
	}
	for _, fault := range c.Faults {
		fmt.Fprintf(&b, "broken off: %s\n", plain(fault))
	}
	for _, action := range c.Stranded {
		fmt.Fprintf(&b, "waits for nobody: %q\n", plain(action))
	}
	fmt.Fprintf(&b, "%d of %d actions reached, %d of %d branches taken, in %d plays\n", reached, len(c.Actions), taken, branches, c.Plays)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if open > 0 || len(c.Faults)+len(c.Stranded) > 0 {
		return hasProblems
	}
	return nil
}

// tellBranch prints a branch that was not taken, or any.
func tellBranch(b *strings.Builder, a *rehearsal.ActionCoverage, branch rehearsal.BranchCoverage, all bool) {
	name := branch.Branch
	if name == "" {
		name = "success"
	}
	what := "not taken"
	switch {
	case branch.Taken && !all:
		return
	case branch.Taken:
		what = "taken"
	case branch.Why != "":
		what += ": " + branch.Why
	}
	fmt.Fprintf(b, "%q (%s) %s: %s\n", plain(a.Identifier), plain(a.Type), plain(name), plain(what))
}
