package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	for text, want := range map[string]string{
		"":                  `""`,
		"plain text":        `"plain text"`,
		"<a href='x'>&</a>": `"<a href='x'>&</a>"`,
		"\"\\/":             `"\"\\/"`,
		"\b\f\n\r\t":        `"\b\f\n\r\t"`,
		"\x00\x1f\x7f":      `"\u0000\u001f` + "\x7f" + `"`,
		"é😀":                `"é😀"`,
		"a\u2028b\u2029c":   `"a\u2028b\u2029c"`,
		"\u2027\u202a":      `"` + "\u2027\u202a" + `"`,
		"a\xffb":            `"a` + "\uFFFD" + `b"`,
	} {
		if got := string(AppendString(nil, text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"b\\c\n\u2028\xff😀<>&")
	f.Fuzz(func(t *testing.T, text string) {
		encoded := AppendString([]byte("x"), text)[1:]
		var back string
		if err := json.Unmarshal(encoded, &back); err != nil {
			t.Fatalf("%q: %s: %v", text, encoded, err)
		}
		if want := string([]rune(text)); back != want { // []rune makes U+FFFD of what is not UTF-8
			t.Fatalf("%q came back as %q", want, back)
		}
		if !utf8.Valid(encoded) || strings.ContainsAny(string(encoded), "\u2028\u2029\n") {
			t.Fatalf("%q: %s", text, encoded)
		}
	})
}

func TestAppendTime(t *testing.T) {
	for want, at := range map[string]time.Time{
		"0":              time.Unix(0, 0),
		"1767323045":     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		"1767323045.678": time.Date(2026, 1, 2, 3, 4, 5, 678_999_999, time.UTC),
		"1767323045.6":   time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC),
		"1767323045.06":  time.Date(2026, 1, 2, 3, 4, 5, 60_000_000, time.UTC),
		"1767323045.001": time.Date(2026, 1, 2, 3, 4, 5, 1_000_000, time.UTC),
		"-1.5":           time.UnixMilli(-1500),
	} {
		if got := string(AppendTime(nil, at)); got != want {
			t.Errorf("%v: got %s, want %s", at, got, want)
		}
	}
}

func TestAppendNumbers(t *testing.T) {
	got := AppendInt(nil, -9223372036854775808)
	got = AppendFloat(append(got, ' '), 4.5)
	got = AppendFloat(append(got, ' '), 1e21)
	got = AppendBool(append(got, ' '), true)
	if want := "-9223372036854775808 4.5 1000000000000000000000 true"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
