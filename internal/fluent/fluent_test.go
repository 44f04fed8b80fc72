package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run go generate .", name)
		}
	}
	generated, err := filepath.Glob(filepath.Join(root, "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	if len(generated) != len(files) {
		t.Errorf("the root holds %d generated files, the generator writes %d", len(generated), len(files))
	}
}

func TestGoName(t *testing.T) {
	for api, want := range map[string]string{
		"InstanceId": "InstanceID", "UrlExpiryInSeconds": "URLExpiryInSeconds", "RedirectUri": "RedirectURI", "ProcessorArn": "ProcessorARN",
		"AttachmentIds": "AttachmentIDs", "Identity": "Identity", "Type": "Type", "CustomerId": "CustomerID",
	} {
		if got := goName(api); got != want {
			t.Errorf("goName(%s) = %s, want %s", api, got, want)
		}
	}
}

// TestGeneratorRefuses shows what makes it stop instead of writing builders that are wrong.
func TestGeneratorRefuses(t *testing.T) {
	folder, err := moduleFolder(sdk + "connect")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		operations []string
		want       string
	}{
		"unknown operation":    {[]string{"StartTelegram"}, "StartTelegram"},
		"twice the same":       {[]string{"StopContact", "StopContact"}, "listed after"},
		"not in order":         {[]string{"StopContact", "DescribeContact"}, "listed after"},
		"member without words": {[]string{"StartWebRTCContact"}, "no words for StartWebRTCContact"},
	} {
		t.Run(name, func(t *testing.T) {
			s := service{"connect", c.operations}
			operations, err := read(folder, s)
			if err == nil {
				_, err = emit(s, operations, newWords())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestWordsForNothingAreRefused(t *testing.T) {
	if err := newWords().leftOver(); err == nil || !strings.Contains(err.Error(), "StartChatContact.Attributes") {
		t.Errorf("unused words are not reported: %v", err)
	}
}
