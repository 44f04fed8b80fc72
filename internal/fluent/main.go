// Fluent writes the builders of package parley: for each operation of the list below, a type with setters, getters and
// adders for the members of its input, and the client's method that begins one.
//
//	go run ./internal/fluent            # in the module's root; go generate does the same
//
// It reads the source of the AWS SDK for Go in the module cache, in the version that go.mod names, as text: which members
// an input has, of which type, which are required, which errors the service declares, where there are pages. The words of
// the documentation are its own, in words.go, and every member must have some. It depends on nothing of ours, needs no
// network, and writes the same bytes each time.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// service is one of the SDK's packages, and what is taken from it.
type service struct {
	Package    string // of the SDK: connect
	Operations []string
}

var services = []service{
	{"connect", []string{
		"AssociateContactWithUser", "CreateContactFlow", "CreateInstance", "CreateParticipant", "CreatePersistentContactAssociation",
		"DeleteContactFlow", "DeleteInstance", "DescribeContact", "DescribeContactFlow", "DescribeInstance", "DismissUserContact",
		"GetContactAttributes", "GetCurrentUserData", "ListAssociatedContacts", "ListContactFlows", "ListContactReferences",
		"ListInstances", "MonitorContact", "PutUserStatus", "SendChatIntegrationEvent", "StartChatContact",
		"StartContactMediaProcessing", "StartContactStreaming", "StartOutboundChatContact", "StopContact",
		"StopContactMediaProcessing", "StopContactStreaming", "TagContact", "TransferContact", "UntagContact", "UpdateContact",
		"UpdateContactAttributes", "UpdateContactFlowContent", "UpdateContactFlowMetadata", "UpdateContactFlowName",
		"UpdateContactRoutingData", "UpdateParticipantAuthentication", "UpdateParticipantRoleConfig",
	}},
	{"connectparticipant", []string{
		"CancelParticipantAuthentication", "CompleteAttachmentUpload", "CreateParticipantConnection", "DescribeView",
		"DisconnectParticipant", "GetAttachment", "GetAuthenticationUrl", "GetTranscript", "SendEvent", "SendMessage",
		"StartAttachmentUpload",
	}},
}

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "fluent:", err)
		os.Exit(1)
	}
}

// write writes the generated files into a folder.
func write(folder string) error {
	files, err := generate()
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the generated files by name.
func generate() (map[string][]byte, error) {
	files := map[string][]byte{}
	w := newWords()
	for _, s := range services {
		folder, err := moduleFolder(sdk + s.Package)
		if err != nil {
			return nil, err
		}
		operations, err := read(folder, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Package, err)
		}
		text, err := emit(s, operations, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Package, err)
		}
		files[s.Package+"_gen.go"] = text
	}
	return files, w.leftOver()
}

const sdk = "github.com/aws/aws-sdk-go-v2/service/"

// moduleFolder asks the go command where a module's source lies.
func moduleFolder(module string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}
