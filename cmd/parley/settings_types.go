package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// typed reads a flag, a variable and a setting of a file by the type of its field: a text, a switch, a number, a time, a
// level of the log, a list or names with their values. The tag "type" says more of texts: path, address, or address-or-none.
// An error says what the setting takes, and never what was given: it may be a password in the wrong place.
type typed struct{}

// given is a value that was read by its type already.
type given struct{ value reflect.Value }

// typedMappers has kong read all types that settings have.
func typedMappers() []kong.Option {
	options := []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Duration](), typed{}), kong.TypeMapper(reflect.TypeFor[slog.Level](), typed{}),
	}
	for _, kind := range []reflect.Kind{reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Slice, reflect.Map} {
		options = append(options, kong.KindMapper(kind, typed{}))
	}
	for _, name := range []string{pathType, addressType, addressOrNone} {
		options = append(options, kong.NamedMapper(name, typed{}))
	}
	return options
}

const (
	pathType      = "path"
	addressType   = "address"
	addressOrNone = "address-or-none"
)

// Decode implements [kong.Mapper].
func (typed) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	next := ctx.Scan.Peek()
	if g, ok := next.Value.(given); ok {
		ctx.Scan.Pop()
		target.Set(g.value)
		return nil
	}
	if target.Kind() == reflect.Bool && next.Type != kong.FlagValueToken {
		target.SetBool(true)
		return nil
	}
	if target.Kind() == reflect.Slice && ctx.Value.Flag == nil { // all arguments that are left
		for _, token := range ctx.Scan.PopWhile(func(t kong.Token) bool { return t.IsValue() }) {
			one := reflect.New(target.Type().Elem()).Elem()
			if err := fromText(ctx.Value, token.String(), one); err != nil {
				return err
			}
			target.Set(reflect.Append(target, one))
		}
		return nil
	}
	if !next.IsValue() {
		return errors.New(takes(ctx.Value, target.Type()) + ", and there is none")
	}
	return fromText(ctx.Value, ctx.Scan.Pop().String(), target)
}

// IsBoolFromValue implements [kong.BoolMapperExt]: a switch needs no value.
func (typed) IsBoolFromValue(v reflect.Value) bool { return v.Kind() == reflect.Bool }

// takes says what a setting takes.
func takes(v *kong.Value, t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return `takes a time with its unit, such as "20s", "5m" or "24h", and not a negative one`
	case t == reflect.TypeFor[slog.Level]():
		return "takes a level: debug, info, warn or error"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "takes true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "takes a whole number from 0 on"
	case reflect.Slice:
		return "takes a list, each " + strings.TrimPrefix(takes(v, t.Elem()), "takes ")
	case reflect.Map:
		return "takes " + cmpOr(v, "NAME=VALUE") + ", or in a file an object of names with their texts"
	}
	switch {
	case v.Enum != "":
		return "takes one of " + strings.Join(v.EnumSlice(), ", ")
	case v.Tag.Type == addressType, v.Tag.Type == addressOrNone:
		return "takes an address, HOST:PORT such as 127.0.0.1:4510"
	case v.Tag.Type == pathType:
		return "takes a path, as a text"
	}
	return "takes a text"
}

// cmpOr is a flag's own word for its value, otherwise the given one.
func cmpOr(v *kong.Value, otherwise string) string {
	if v.Flag != nil && v.Flag.PlaceHolder != "" {
		return v.Flag.PlaceHolder
	}
	return otherwise
}

func wrongText(v *kong.Value, t reflect.Type, text string) error {
	return fmt.Errorf("%s, and this is %s", takes(v, t), describeText(text))
}

// fromText reads what stands on the command line or in a variable. Lists and names are added to what is there.
func fromText(v *kong.Value, text string, to reflect.Value) error {
	t := to.Type()
	switch {
	case t == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return wrongText(v, t, text)
		}
		to.SetInt(int64(d))
		return nil
	case t == reflect.TypeFor[slog.Level]():
		var level slog.Level
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return wrongText(v, t, text)
		}
		to.SetInt(int64(level))
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "1", "yes":
			to.SetBool(true)
		case "false", "0", "no":
			to.SetBool(false)
		default:
			return wrongText(v, t, text)
		}
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil || n < 0 {
			return wrongText(v, t, text)
		}
		to.SetInt(n)
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			return wrongText(v, t, text)
		}
		to.SetUint(n)
	case reflect.Slice:
		for _, part := range kong.SplitEscaped(text, v.Tag.Sep) {
			one := reflect.New(t.Elem()).Elem()
			if err := fromText(v, part, one); err != nil {
				return err
			}
			to.Set(reflect.Append(to, one))
		}
	case reflect.Map:
		for _, part := range kong.SplitEscaped(text, v.Tag.MapSep) {
			name, rest, ok := strings.Cut(part, "=")
			if !ok {
				return wrongText(v, t, part)
			}
			if err := addNamed(v, name, rest, to); err != nil {
				return err
			}
		}
	case reflect.String:
		return setText(v, text, to)
	default:
		return fmt.Errorf("takes what cannot be read yet: %s", t)
	}
	return nil
}

func addNamed(v *kong.Value, name, text string, to reflect.Value) error {
	if strings.Contains(name, "://") {
		return fmt.Errorf("takes %s, and the name before the = is missing", cmpOr(v, "NAME=VALUE"))
	}
	if to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	to.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(text))
	return nil
}

func setText(v *kong.Value, text string, to reflect.Value) error {
	switch {
	case v.Enum != "" && !slices.Contains(v.EnumSlice(), text):
		return wrongText(v, to.Type(), text)
	case v.Tag.Type == addressOrNone && text == "":
	case v.Tag.Type == addressType, v.Tag.Type == addressOrNone:
		_, port, err := net.SplitHostPort(text)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil || port == "" {
			return wrongText(v, to.Type(), text)
		}
	case v.Tag.Type == pathType && text != "" && text != standard:
		text = kong.ExpandPath(text)
	}
	to.SetString(text)
	return nil
}

// fromJSON reads what a file says, each type as JSON has it: only a list may also be one text with commas, and names one
// text with semicolons, as in a variable. With an error it returns where in raw it is.
func fromJSON(v *kong.Value, raw []byte, to reflect.Value) (at int, err error) {
	t := to.Type()
	wrong := fmt.Errorf("%s, and this is %s", takes(v, t), jsonKind(raw))
	text, isText := "", raw[0] == '"'
	if isText {
		if err := json.Unmarshal(raw, &text); err != nil {
			return 0, wrong
		}
	}
	switch {
	case t.Kind() == reflect.Bool:
		if raw[0] != 't' && raw[0] != 'f' {
			return 0, wrong
		}
		to.SetBool(raw[0] == 't')
		return 0, nil
	case isNumber(t):
		if isText || fromText(v, string(raw), to) != nil {
			return 0, wrong
		}
		return 0, nil
	case isText:
		return 0, fromText(v, text, to)
	case t.Kind() == reflect.Slice && raw[0] == '[':
		return listFromJSON(v, raw, to)
	case t.Kind() == reflect.Map && raw[0] == '{':
		return namesFromJSON(v, raw, to)
	}
	return 0, wrong
}

// isNumber says that a type is one in JSON. Times and levels are numbers in Go alone.
func isNumber(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[slog.Level]():
		return false
	}
	return t.Kind() == reflect.Int || t.Kind() == reflect.Int64 || t.Kind() == reflect.Uint64
}

func listFromJSON(v *kong.Value, raw []byte, to reflect.Value) (at int, err error) {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return 0, fmt.Errorf("%s, and this is another", takes(v, to.Type())) // it is valid
	}
	list := reflect.MakeSlice(to.Type(), 0, len(all))
	at = 1
	for _, part := range all {
		at += strings.Index(string(raw[at:]), string(part))
		one := reflect.New(to.Type().Elem()).Elem()
		if inner, err := fromJSON(v, part, one); err != nil {
			return at + inner, err
		}
		at += len(part)
		list = reflect.Append(list, one)
	}
	to.Set(list)
	return 0, nil
}

func namesFromJSON(v *kong.Value, raw []byte, to reflect.Value) (at int, err error) {
	entries, wrong := object(raw)
	if len(wrong) > 0 {
		return lineStart(raw, wrong[0].line), errors.New("has the same name twice")
	}
	to.Set(reflect.MakeMap(to.Type()))
	for _, e := range entries {
		one := reflect.New(to.Type().Elem()).Elem()
		if _, err := fromJSON(v, e.raw, one); err != nil {
			return e.at, fmt.Errorf("takes %s, and a value is %s", cmpOr(v, "NAME=VALUE"), jsonKind(e.raw))
		}
		if err := addNamed(v, e.name, one.String(), to); err != nil {
			return e.at, err
		}
	}
	return 0, nil
}

// lineStart is where a line begins.
func lineStart(src []byte, line int) (at int) {
	for n := 1; n < line; n++ {
		at += strings.IndexByte(string(src[at:]), '\n') + 1
	}
	return at
}
