package center

import (
	"net/url"
	"testing"
	"time"
)

// The codes of RFC 6238, appendix B, for SHA-1. It shows eight digits; six are the last of them.
func TestOneTimeCodesOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := oneTimeCode(secret, at/codeStep); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestWhichCodesAreTaken(t *testing.T) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1111111111, 0)
	at := now.Unix() / codeStep
	for _, c := range []struct {
		name string
		code string
		last int64
		want int64 // 0: refused
	}{
		{"of now", oneTimeCode(secret, at), 0, at},
		{"with a space", "050 471", 0, at},
		{"of the step before", oneTimeCode(secret, at-1), 0, at - 1},
		{"of the next step", oneTimeCode(secret, at+1), 0, at + 1},
		{"too old", oneTimeCode(secret, at-2), 0, 0},
		{"too early", oneTimeCode(secret, at+2), 0, 0},
		{"taken before", oneTimeCode(secret, at), at, 0},
		{"older than one taken before", oneTimeCode(secret, at-1), at, 0},
		{"behind one taken before", oneTimeCode(secret, at+1), at, at + 1},
		{"of another secret", oneTimeCode([]byte("09876543210987654321"), at), 0, 0},
		{"empty", "", 0, 0},
		{"too short", "50471", 0, 0},
		{"eight digits", "14050471", 0, 0},
	} {
		step, ok := CheckCode(secret, c.code, now, c.last)
		if ok != (c.want != 0) || step != c.want {
			t.Errorf("%s: step %d, %t; want %d", c.name, step, ok, c.want)
		}
	}
}

func TestSecretsAsAppsTakeThem(t *testing.T) {
	secret := []byte("12345678901234567890")
	if got := CodeSecret(secret); got != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("secret %s", got)
	}
	u, err := url.Parse(CodeURI(secret, "parley acme", "jane@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/parley acme:jane@example.com" ||
		u.Query().Get("secret") != CodeSecret(secret) || u.Query().Get("issuer") != "parley acme" {
		t.Errorf("%s", u)
	}
}
