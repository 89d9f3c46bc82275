// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"context"
	"errors"
	"testing"
)

// drunkard is a signer whose signatures do not verify, or that gives none.
type drunkard struct {
	Signer
	err error
}

func (l drunkard) Sign(context.Context, SignRequest) ([]byte, error) {
	return make([]byte, SignatureSize), l.err
}

// TestSignersAreNotBelieved: what a signer gives is held to the rule of verification.
func TestSignersAreNotBelieved(t *testing.T) {
	s, err := NewSecret(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := SignEd25519(t.Context(), s, []byte("message"))
	if err != nil || s.Public().Verify([]byte("message"), sig[:]) != nil {
		t.Errorf("a good signer: %v", err)
	}
	if sig, err := SignEd25519(t.Context(), drunkard{Signer: s}, []byte("message")); err == nil || sig != [SignatureSize]byte{} {
		t.Errorf("a lying one: %x, %v", sig, err)
	}
	if _, err := SignEd25519(t.Context(), drunkard{s, context.Canceled}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("one that gives up: %v", err)
	}
}
