package main

import (
	"fmt"
	"io"
	"slices"
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
		_, _ = fmt.Fprintln(s.w, text) // output that is not read is not missed
	}
}

// sentence is an event for a person.
func (s *playScreen) sentence(kind, who, what string) string {
	said := onOneScreen(what)
	switch kind {
	case "message", "interactive":
		return s.paint(bold, who+":") + " " + said
	case "view":
		return s.paint(bold, "View "+who) + " " + said + "\n" + s.paint(dim, "/view ACTION DATA answers it.")
	case "sign-in":
		return s.paint(dim, "The customer is asked to sign in. /sign-in does.")
	case "ask":
		return "  " + said
	case "error":
		return s.paint(dim, "  error branch at "+who+" · "+said)
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
	for _, circle := range c.Circles {
		fmt.Fprintf(&b, "goes round without a wait: %s\n", strings.Join(quotedAll(circle), " → "))
	}
	for _, action := range c.Stranded {
		fmt.Fprintf(&b, "waits for what cannot come: %q\n", plain(action))
	}
	plays := "1 play"
	if c.Plays != 1 {
		plays = fmt.Sprintf("%d plays", c.Plays)
	}
	fmt.Fprintf(&b, "%d of %d actions reached, %d of %d branches taken, in %s\n", reached, len(c.Actions), taken, branches, plays)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if open > 0 || len(c.Faults)+len(c.Stranded)+len(c.Circles) > 0 {
		return hasProblems
	}
	return nil
}

// quotedAll are the actions of a circle, and the first again.
func quotedAll(circle []string) (all []string) {
	for _, action := range append(slices.Clone(circle), circle[0]) {
		all = append(all, fmt.Sprintf("%q", plain(action)))
	}
	return all
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
