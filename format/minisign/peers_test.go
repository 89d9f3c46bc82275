// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	lookup "github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// peer is another tool that reads and writes these files.
type peer struct {
	name string
	// generate, sign and verify are command lines; password is for the tool's
	// standard input.
	generate func(pub, secret string) []string
	sign     func(secret, file, sig, comment string) []string
	verify   func(pub, file, sig string) []string
	password bool // the tool takes one on its standard input
}

var peers = []peer{
	{
		name:     "minisign",
		generate: func(pub, secret string) []string { return []string{"-G", "-W", "-p", pub, "-s", secret} },
		sign: func(secret, file, sig, comment string) []string {
			return []string{"-S", "-s", secret, "-m", file, "-x", sig, "-t", comment}
		},
		verify:   func(pub, file, sig string) []string { return []string{"-V", "-p", pub, "-m", file, "-x", sig} },
		password: true,
	},
	{
		name: "rsign",
		generate: func(pub, secret string) []string {
			return []string{"generate", "--unencrypted", "-p", pub, "-s", secret}
		},
		sign: func(secret, file, sig, comment string) []string {
			return []string{"sign", "-W", "-s", secret, "-x", sig, "-t", comment, file}
		},
		verify: func(pub, file, sig string) []string { return []string{"verify", "-p", pub, "-x", sig, file} },
	},
}

func eachPeer(t *testing.T, f func(t *testing.T, p peer)) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			lookup.Look(t, p.name)
			f(t, p)
		})
	}
}

func (p peer) run(t *testing.T, stdin string, args []string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (p peer) must(t *testing.T, stdin string, args []string) {
	t.Helper()
	if out, err := p.run(t, stdin, args); err != nil {
		t.Errorf("%s %q: %v\n%s", p.name, args, err, out)
	}
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func contents() map[string][]byte {
	return map[string][]byte{
		"empty": nil, "small": []byte("hello\n"), "sixtyfour": bytes.Repeat([]byte{'x'}, 64),
		"mebibyte": bytes.Repeat([]byte("sealwax!"), 1<<17),
	}
}

var comments = []sealwax.SignOptions{
	{},
	{Now: time.Unix(1700000000, 0), Comment: "free text"},
	{Comment: "grüße 日本", Fields: []sealwax.Field{{Name: "version", Value: "1.2.3"}, {Name: "target", Value: "linux/amd64"}}},
	{Comment: strings.Repeat("c", 4000)},
}

// pairs are keys of each kind, each as files that a peer reads.
type pair struct {
	name, pub, secret, password string
	key                         *key.Secret
}

func pairs(t *testing.T, p peer) []pair {
	t.Helper()
	dir := t.TempDir()
	theirs := pair{name: "theirs", pub: filepath.Join(dir, "theirs.pub"), secret: filepath.Join(dir, "theirs.key")}
	p.must(t, "", p.generate(theirs.pub, theirs.secret))
	s, err := key.ParseSecret(t.Context(), read(t, theirs.secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs.key = s
	out := []pair{theirs, ours(t, dir, "ours", ""), ours(t, dir, "with-id", "")}
	if p.password {
		out = append(out, ours(t, dir, "with-password", "correct horse"))
	}
	return out
}

func ours(t *testing.T, dir, name, password string) pair {
	t.Helper()
	s := sealwaxtest.Key(3)
	if name == "with-id" {
		s = s.WithID(key.ID{0xff, 1, 2, 3, 4, 5, 6, 0})
	}
	pub, err := key.MarshalMinisignPublic(s.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.MarshalMinisignSecret(s, []byte(password), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{name, write(t, dir, name+".pub", pub), write(t, dir, name+".key", secret), password, s}
}

// TestPeersVerifyOurs: what we write, they accept; and what is changed, nobody.
func TestPeersVerifyOurs(t *testing.T) {
	eachPeer(t, func(t *testing.T, p peer) {
		dir := t.TempDir()
		for _, pair := range pairs(t, p) {
			for name, data := range contents() {
				for _, o := range comments {
					sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes(name, data), pair.key, o)
					if err != nil {
						t.Fatal(err)
					}
					p.must(t, "", p.verify(pair.pub, write(t, dir, name, data), write(t, dir, "sig", sig)))
				}
			}
			sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("x", []byte("x")), pair.key, comments[0])
			if err != nil {
				t.Fatal(err)
			}
			if out, err := p.run(t, "", p.verify(pair.pub, write(t, dir, "x", []byte("y")), write(t, dir, "sig", sig))); err == nil {
				t.Errorf("%s accepts another file: this test shows nothing\n%s", p.name, out)
			}
		}
	})
}

// TestOursVerifiesPeers: what they write with keys of each kind, we accept.
func TestOursVerifiesPeers(t *testing.T) {
	eachPeer(t, func(t *testing.T, p peer) {
		dir := t.TempDir()
		for _, pair := range pairs(t, p) {
			list, err := key.ParsePublic(read(t, pair.pub))
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range contents() {
				sig := filepath.Join(dir, name+".minisig")
				stdin := ""
				if pair.password != "" {
					stdin = pair.password + "\n"
				}
				p.must(t, stdin, p.sign(pair.secret, write(t, dir, name, data), sig, "timestamp:1\tfile:"+name+"\tversion:1"))
				r := judge(t, list.Keys[0].Public, data, read(t, sig), strict)
				if r.Verdict != sealwax.Allow {
					t.Errorf("%s's signature of %s by %s: %s", p.name, name, pair.name, messages(r))
					continue
				}
				if got := r.Counted[0].Values("file"); len(got) != 1 || got[0] != name {
					t.Errorf("%s's statements: %v", p.name, r.Counted[0].Fields)
				}
				if judge(t, list.Keys[0].Public, append(data, 0), read(t, sig), strict).Verdict != sealwax.Deny {
					t.Error("another file is allowed")
				}
			}
		}
	})
}

// TestLegacyOfMinisign: only the C tool writes these.
func TestLegacyOfMinisign(t *testing.T) {
	eachPeer(t, func(t *testing.T, p peer) {
		if p.name != "minisign" {
			return // it writes no legacy signatures
		}
		dir := t.TempDir()
		k := ours(t, dir, "ours", "")
		for name, data := range contents() {
			sig := filepath.Join(dir, name+".minisig")
			p.must(t, "", append(p.sign(k.secret, write(t, dir, name, data), sig, "t"), "-l"))
			want := sealwax.Allow
			if len(data) == 64 {
				want = sealwax.Deny
			}
			if r := judge(t, k.key.Public(), data, read(t, sig), lax); r.Verdict != want {
				t.Errorf("%s: %v, want %v: %s", name, r.Verdict, want, messages(r))
			}
			if r := judge(t, k.key.Public(), data, read(t, sig), strict); r.Verdict != sealwax.Deny {
				t.Errorf("%s: allowed by default", name)
			}
			f := file(t, k.key, data, "ours", true)
			p.must(t, "", p.verify(k.pub, filepath.Join(dir, name), write(t, dir, "sig", f.Marshal())))
		}
	})
}
