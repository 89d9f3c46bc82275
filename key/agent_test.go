// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/sealwax/sealwax/internal/peers"
)

// serveAgent answers on a socket until the test ends.
func serveAgent(t *testing.T, a agent.Agent) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		peers.Missing(t, "no Unix sockets: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(a, conn) }()
		}
	}()
	return socket
}

func newSecret(t *testing.T) *Secret {
	t.Helper()
	s, err := Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func addKey(t *testing.T, a agent.Agent, private any, comment string) {
	t.Helper()
	if err := a.Add(agent.AddedKey{PrivateKey: private, Comment: comment}); err != nil {
		t.Fatal(err)
	}
}

func TestAgent(t *testing.T) {
	ring := agent.NewKeyring()
	one, two, three := rfcKey(t), newSecret(t), newSecret(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	addKey(t, ring, rsaKey, "one") // an RSA key takes no part, nor does its comment
	addKey(t, ring, one.priv, "one")
	addKey(t, ring, two.priv, "twin\x1b[1m")
	addKey(t, ring, three.priv, "twin\x1b[1m")
	addKey(t, ring, newSecret(t).priv, "")
	addKey(t, ring, newSecret(t).priv, "minisign key 0102030405060708")
	socket := serveAgent(t, ring)
	for _, c := range []struct {
		which string
		want  Public
		is    error
	}{
		{"one", one.Public(), nil},
		{rfcSSH, one.Public(), nil},
		{rfcFingerprint, one.Public(), nil},
		{two.Public().SSHFingerprint(), two.Public(), nil},
		{three.Public().String(), three.Public(), nil},
		{"twin\x1b[1m", Public{}, ErrAmbiguous},
		{"", Public{}, ErrNotInAgent},
		{"on", Public{}, ErrNotInAgent},
		{rfcMinisignID, Public{}, ErrNotInAgent},
	} {
		k, err := Agent(t.Context(), socket, c.which)
		if !errors.Is(err, c.is) {
			t.Errorf("%q: %v, want %v", c.which, err, c.is)
			continue
		}
		if err != nil {
			if strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), rfcSSH) {
				t.Errorf("%q: the message is %q", c.which, err)
			}
			continue
		}
		if k.Public() != c.want {
			t.Errorf("%q: %v, want %v", c.which, k, c.want)
		}
		if err := k.Public().Verify([]byte("m"), sign(t, k, []byte("m"))); err != nil {
			t.Errorf("%q: %v", c.which, err)
		}
	}
	k, err := Agent(t.Context(), socket, "minisign key 0102030405060708")
	if err != nil || k.Public().MinisignID().String() != "0102030405060708" || k.Comment() != "minisign key 0102030405060708" {
		t.Errorf("key id in the comment: %v, %v", k, err)
	}
	if k.String() != string(k.Public().Fingerprint()) {
		t.Errorf("prints as %s", k)
	}
	if w := k.WithID(ID{1}); w.Public().MinisignID() != (ID{1}) || !w.Public().Equal(k.Public()) {
		t.Error("WithID")
	}
}

func TestAgentSchemes(t *testing.T) {
	ring := agent.NewKeyring()
	addKey(t, ring, rfcKey(t).priv, "one")
	k, err := Agent(t.Context(), serveAgent(t, ring), "one")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []SignRequest{{}, {Scheme: "x"}, {Scheme: SchemeEd25519, Digest: []byte("d")}} {
		if _, err := k.Sign(t.Context(), r); !errors.Is(err, ErrScheme) {
			t.Errorf("Sign(%+v) = %v", r, err)
		}
	}
}

// liar is an agent that signs something else, or says it is something else.
type liar struct {
	agent.Agent
	edit func(*ssh.Signature)
}

func (l liar) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	sig, err := l.Agent.Sign(key, data)
	if err == nil {
		l.edit(sig)
	}
	return sig, err
}

func TestAgentNotBelieved(t *testing.T) {
	ring := agent.NewKeyring()
	addKey(t, ring, rfcKey(t).priv, "one")
	for name, edit := range map[string]func(*ssh.Signature){
		"flipped":       func(s *ssh.Signature) { s.Blob[0] ^= 1 },
		"other format":  func(s *ssh.Signature) { s.Format = "ssh-rsa" },
		"short":         func(s *ssh.Signature) { s.Blob = s.Blob[:63] },
		"longer":        func(s *ssh.Signature) { s.Blob = append(s.Blob, 0) },
		"other message": func(s *ssh.Signature) { s.Blob = ed25519.Sign(rfcKey(t).priv, []byte("x")) },
	} {
		k, err := Agent(t.Context(), serveAgent(t, liar{ring, edit}), "one")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Sign(t.Context(), SignRequest{Scheme: SchemeEd25519, Message: []byte("m")}); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
	k, err := Agent(t.Context(), serveAgent(t, ring), "one")
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.RemoveAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Sign(t.Context(), SignRequest{Scheme: SchemeEd25519}); err == nil {
		t.Error("a key that is gone signs")
	}
}

// lister is an agent that lists what no honest agent holds.
type lister struct {
	agent.Agent
	keys []*agent.Key
}

func (l lister) List() ([]*agent.Key, error) { return l.keys, nil }

func TestAgentWeakKey(t *testing.T) {
	weak := append(rfcKey(t).pub.sshBlob()[:19], make([]byte, 32)...)
	socket := serveAgent(t, lister{agent.NewKeyring(), []*agent.Key{{Format: sshEd25519, Blob: weak, Comment: "weak"}}})
	_, err := Agent(t.Context(), socket, "weak")
	if !errors.Is(err, ErrNotInAgent) || !strings.HasSuffix(err.Error(), ": none") {
		t.Errorf("err = %v", err)
	}
}

func TestAgentAbsent(t *testing.T) {
	if _, err := Agent(t.Context(), "", "x"); err == nil || !strings.Contains(err.Error(), "SSH_AUTH_SOCK") {
		t.Errorf("no socket: %v", err)
	}
	if _, err := Agent(t.Context(), filepath.Join(t.TempDir(), "none"), "x"); err == nil {
		t.Error("no agent: found")
	}
}

// TestAgentSilent hangs up on an agent that never answers.
func TestAgentSilent(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		peers.Missing(t, "no Unix sockets: %v", err)
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Agent(ctx, socket, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}

// TestRealAgent signs with OpenSSH's own agent and a key of ssh-keygen.
func TestRealAgent(t *testing.T) {
	sshAgent, keygen, add := peer(t, "ssh-agent"), peer(t, "ssh-keygen"), peer(t, "ssh-add")
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, file := filepath.Join(dir, "s"), filepath.Join(dir, "k")
	cmd := exec.Command(sshAgent, "-D", "-a", socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it listens
		t.Fatal(err)
	}
	runPeer(t, "", keygen, "-q", "-t", "ed25519", "-N", "", "-C", "release", "-f", file)
	t.Setenv("SSH_AUTH_SOCK", socket)
	runPeer(t, "", add, "-q", file)

	k, err := Agent(t.Context(), socket, "release")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSecret(t.Context(), data, nil)
	if err != nil || s.Public() != k.Public() {
		t.Fatalf("key file %v, agent %v, %v", s, k, err)
	}
	if a, b := sign(t, k, []byte("m")), sign(t, s, []byte("m")); string(a) != string(b) {
		t.Error("the agent and the file sign differently")
	}
}
