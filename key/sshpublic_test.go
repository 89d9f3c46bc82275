// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSSHList(t *testing.T) {
	list := strings.Join([]string{
		"# keys of a person",
		"",
		rfcSSHLine,
		strings.TrimSpace(string(readTestdata(t, "ssh/rsa.pub"))),
		"\t" + rfcSSHLine + "  minisign key 0123456789abcdef \r",
		strings.TrimSpace(string(readTestdata(t, "ssh/ecdsa.pub"))),
		"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t x",
		`from="*.example.com,!a \"b",command="echo \"hi, there\"",no-pty ` + rfcSSHLine + " with options",
		rfcSSHLine + " 0123456789abcdef",
		rfcSSHLine + " minisign key 0123",
		"ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5 x",
	}, "\n")
	l, err := ParsePublic([]byte(list))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range l.Keys {
		if !k.Public.Equal(rfcKey(t).Public()) || k.Carrier != CarrierSSH {
			t.Errorf("line %d: another key", k.Line)
		}
		got = append(got, fmt.Sprintf("%d %q %s", k.Line, k.Comment, k.Public.MinisignID()))
	}
	want := []string{
		`3 "" ` + rfcMinisignID,
		`5 "minisign key 0123456789abcdef" 0123456789ABCDEF`,
		`8 "with options" ` + rfcMinisignID,
		`9 "0123456789abcdef" ` + rfcMinisignID,
		`10 "minisign key 0123" ` + rfcMinisignID,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i, says := range []string{"line 4: \"ssh-rsa\"", "line 6: \"ecdsa-", "line 7: \"sk-ssh-ed25519@openssh.com\" skipped: a hardware", "line 11: \"ssh-ed25519-cert"} {
		if i >= len(l.Notes) || !strings.HasPrefix(l.Notes[i], says) {
			t.Errorf("notes are %q, want one that begins with %q", l.Notes, says)
		}
	}
}

func TestSSHRefusals(t *testing.T) {
	blob := rfcKey(t).Public().sshBlob()
	enc := base64.StdEncoding.EncodeToString
	weak := append(append([]byte(nil), blob[:19]...), make([]byte, 32)...)
	other := append([]byte(nil), blob...)
	other[4] = 'x'
	for _, c := range []struct {
		name, data, says string
		is               error
	}{
		{"cert-authority", rfcSSHLine + "\ncert-authority " + rfcSSHLine, "line 2: cert-authority", nil},
		{"upper case, in a list", "no-pty,Cert-Authority,from=\"x\" " + rfcSSHLine, "line 1: cert-authority", nil},
		{"on a line that is skipped", rfcSSHLine + "\ncert-authority ssh-rsa AAAAB3 x", "line 2: cert-authority", nil},
		{"expiry-time", "expiry-time=\"20990101\" " + rfcSSHLine, "line 1: expiry-time", nil},
		{"expiry-time after quotes", `command="a\",b",expiry-time="2099" ` + rfcSSHLine, "line 1: expiry-time", nil},
		{"unknown option", "valid-if=\"moon\" " + rfcSSHLine, "\"valid-if\" is not known", nil},
		{"known_hosts", "example.com " + rfcSSHLine, "\"example.com\" is not known", nil},
		{"known_hosts marker", "@cert-authority " + rfcSSHLine, "is not known", nil},
		{"empty option", "no-pty,,pty " + rfcSSHLine, "is not known", nil},
		{"garbage line", rfcSSHLine + "\nhello", "line 2: not an OpenSSH", ErrNotKey},
		{"minisign line after", rfcSSHLine + "\n" + aLine, "line 2: not an OpenSSH", ErrNotKey},
		{"open quote", rfcSSHLine + "\nfrom=\"x " + rfcSSHLine, "line 2: not an OpenSSH", ErrNotKey},
		{"only skipped", string(readTestdata(t, "ssh/rsa.pub")), "no Ed25519 key", ErrUnsupported},
		{"slack", strings.Replace(rfcSSHLine, "MWbh", "MWb=", 1), "canonical", nil},
		{"cut off", "ssh-ed25519 AAAA", "cut off", nil},
		{"trailing byte", "ssh-ed25519 " + enc(append(append([]byte(nil), blob...), 0)), "", nil},
		{"other type inside", "ssh-ed25519 " + enc(other), "not what its type says", nil},
		{"small order", "ssh-ed25519 " + enc(weak), "small order", ErrWeakKey},
		{"many lines", strings.Repeat(rfcSSHLine+"\n", 1001), "1000 lines", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParsePublic([]byte(c.data))
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error = %v, want one that says %q and is %v", err, c.says, c.is)
			}
		})
	}
}

func TestSSHThousandLines(t *testing.T) {
	l, err := ParsePublic([]byte(strings.Repeat(rfcSSHLine+"\n", 1000)))
	if err != nil || len(l.Keys) != 1000 {
		t.Errorf("%d keys, %v", len(l.Keys), err)
	}
}
