// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

var (
	// ErrNotInAgent is wrapped when an ssh-agent holds no Ed25519 key of the
	// wanted name. The message lists the keys that it holds.
	ErrNotInAgent = errors.New("the ssh-agent holds no such Ed25519 key")
	// ErrAmbiguous is wrapped when a name means several keys.
	ErrAmbiguous = errors.New("the name means several keys")
)

// AgentKey is a key that an ssh-agent holds: a [Signer] whose secret stays in the
// agent. It connects anew for each signature, so there is nothing to close.
type AgentKey struct {
	socket  string
	pub     Public
	comment string
}

var _ Signer = (*AgentKey)(nil)

// Agent finds a key in the ssh-agent that listens on the Unix socket. The name
// which is OpenSSH's fingerprint ("SHA256:…"), ours ("key:…") or the key's whole
// comment. Only plain Ed25519 keys are looked at: RSA, ECDSA, certificates and
// hardware keys cannot make these signatures. A comment that several keys carry is
// refused with [ErrAmbiguous].
func Agent(ctx context.Context, socket, which string) (*AgentKey, error) {
	if socket == "" {
		return nil, errors.New("ssh-agent: no socket (is an agent running, and SSH_AUTH_SOCK set?)")
	}
	keys, err := agentKeys(ctx, socket)
	if err != nil {
		return nil, err
	}
	return pickAgentKey(keys, which)
}

// agentKeys lists the usable keys of the agent.
func agentKeys(ctx context.Context, socket string) ([]*AgentKey, error) {
	var listed []*agent.Key
	err := withAgent(ctx, socket, func(a agent.ExtendedAgent) (err error) {
		listed, err = a.List()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ssh-agent: listing keys: %w", err)
	}
	var keys []*AgentKey
	for _, k := range listed {
		// Reading the key is strict: other algorithms, certificates, hardware keys
		// and weak keys all fail here.
		p, err := parseSSHBlob(k.Blob)
		if err != nil {
			continue
		}
		keys = append(keys, &AgentKey{socket: socket, pub: withSSHComment(p, k.Comment), comment: k.Comment})
	}
	return keys, nil
}

func pickAgentKey(keys []*AgentKey, which string) (*AgentKey, error) {
	var found *AgentKey
	for _, k := range keys {
		if !k.pub.NamedBy(which) && (which == "" || k.comment != which) {
			continue
		}
		if found != nil && !found.pub.Equal(k.pub) {
			return nil, fmt.Errorf("ssh-agent: %w: %q; give one fingerprint of: %s", ErrAmbiguous, which, describe(keys))
		}
		found = k
	}
	if found == nil {
		return nil, fmt.Errorf("%w as %q; its Ed25519 keys are: %s", ErrNotInAgent, which, describe(keys))
	}
	return found, nil
}

// describe lists keys for a message; comments come from the agent, so they are
// quoted.
func describe(keys []*AgentKey) string {
	if len(keys) == 0 {
		return "none"
	}
	var s []string
	for _, k := range keys {
		s = append(s, fmt.Sprintf("%s %q", k.pub.SSHFingerprint(), k.comment))
	}
	return strings.Join(s, ", ")
}

// Public is the key's public half.
func (k *AgentKey) Public() Public { return k.pub }

// Comment is the comment that the agent keeps beside the key, unescaped.
func (k *AgentKey) Comment() string { return k.comment }

// WithID returns the same key under a minisign key id.
func (k *AgentKey) WithID(id ID) *AgentKey {
	return &AgentKey{socket: k.socket, pub: k.pub.WithID(id), comment: k.comment}
}

// Sign asks the agent to sign r.Message, and checks the signature. It ends when
// ctx does, also while the agent waits for a person to confirm.
func (k *AgentKey) Sign(ctx context.Context, r SignRequest) ([]byte, error) {
	if r.Scheme != SchemeEd25519 || r.Digest != nil {
		return nil, fmt.Errorf("%w: %q", ErrScheme, r.Scheme)
	}
	pub := &agent.Key{Format: sshEd25519, Blob: k.pub.sshBlob()}
	var sig *ssh.Signature
	err := withAgent(ctx, k.socket, func(a agent.ExtendedAgent) (err error) {
		sig, err = a.Sign(pub, r.Message)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ssh-agent: signing: %w", err)
	}
	// RFC 8709 section 6: the signature is that of RFC 8032 under this name. An
	// agent may be anything behind a socket, so it is not believed.
	if sig.Format != sshEd25519 || len(sig.Rest) != 0 {
		return nil, fmt.Errorf("ssh-agent: it answered with a %.40q signature, want %s", sig.Format, sshEd25519)
	}
	if err := k.pub.Verify(r.Message, sig.Blob); err != nil {
		return nil, fmt.Errorf("ssh-agent: it answered with a signature of something else: %w", err)
	}
	return sig.Blob, nil
}

// String is the public fingerprint.
func (k *AgentKey) String() string { return k.pub.String() }

// withAgent connects, runs ask, and hangs up: at once when ctx ends, so that a
// silent agent cannot hold us.
func withAgent(ctx context.Context, socket string, ask func(agent.ExtendedAgent) error) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := ask(agent.NewClient(conn)); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}
