// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// scripted is a format of sources that does as it is told: what its signatures
// cover, how often they are found, and with what error.
type scripted struct {
	covers sealwax.Coverage
	finds  *int // so often; then nothing
	err    error
}

func (scripted) Name() string { return "scripted" }

func (s scripted) Find(ctx context.Context, a *sealwax.Artifact) ([]sealwax.Signature, error) {
	if *s.finds--; *s.finds < 0 {
		return nil, s.err
	}
	beside, err := a.Companions(ctx)
	if err != nil || len(beside) != 1 || !a.IsRemembered() {
		return nil, errors.New("there is not one file beside a remembered artifact")
	}
	return []sealwax.Signature{scriptedSignature{s.covers, beside[0].Name}}, nil
}

type scriptedSignature struct {
	covers sealwax.Coverage
	source string
}

func (s scriptedSignature) Hint() sealwax.Hint {
	return sealwax.Hint{Format: "scripted", Source: s.source, Label: "7"}
}

func (scriptedSignature) Plan(*sealwax.Artifact, []sealwax.Anchor) {}

// Check proves what it is asked to, of a source whose digests are known.
func (s scriptedSignature) Check(_ context.Context, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	if by.Name != "maker" {
		return sealwax.Claim{}, sealwax.ErrOtherSigner
	}
	if a.Sum("sha256") == nil || a.Name() != "app.wasm" {
		return sealwax.Claim{}, errors.New("another source")
	}
	return sealwax.Claim{By: by, Format: "scripted", Source: s.source, Covers: s.covers, Carry: []byte("x")}, nil
}

// TestAnyFormatIsCarried: what a format proves of the source is held to the rules
// of those that are carried, whatever format it is.
func TestAnyFormatIsCarried(t *testing.T) {
	whole := sealwax.Coverage{Whole: true}
	st := compiled(sourceOf(t, module, maker))
	st.Verified = true
	var signed bytes.Buffer
	always := 99
	by := trailer.Format{Carried: []sealwax.Format{scripted{whole, &always, nil}}}
	carried := []trailer.Carried{{Format: "scripted", Data: []byte("a signature")}}
	if err := by.Append(t.Context(), sealwaxtest.Bytes("app", cwasm()), &signed, compiler, st, carried); err != nil {
		t.Fatal(err)
	}
	if _, tr := parts(t, signed.Bytes()); len(tr.Statement.SourceKeys) != 1 || tr.Statement.SourceKeys[0] != "scripted:7" {
		t.Errorf("it states the keys %q", tr.Statement.SourceKeys)
	}
	for name, tc := range map[string]struct {
		covers sealwax.Coverage
		finds  int
		err    error
		want   string // "" is allowed
	}{
		"whole":       {whole, 2, nil, ""},
		"a part":      {sealwax.Coverage{Prefix: 1, Parts: 2}, 2, nil, "a part of the source"},
		"found once":  {whole, 1, nil, "cannot be found again"},
		"fails later": {whole, 1, errDisk, "disk is broken"},
		"fails":       {whole, 0, errDisk, "disk is broken"},
	} {
		f := trailer.Format{Carried: []sealwax.Format{scripted{tc.covers, &tc.finds, tc.err}}}
		v := &sealwax.Verifier{Formats: []sealwax.Format{f}, Trust: people()}
		r, err := v.Verify(t.Context(), sealwaxtest.Bytes("app", signed.Bytes()), both())
		said := messages(r)
		if err != nil {
			said += err.Error()
		}
		if (err == nil) != (tc.want == "") || !strings.Contains(said, tc.want) {
			t.Errorf("%s: %v, want %q:\n%s", name, err, tc.want, said)
		}
	}
	// A verifier that does not know the format cannot hold the statement to it.
	v := &sealwax.Verifier{Formats: []sealwax.Format{trailer.Format{}}, Trust: people()}
	if r, err := v.Verify(t.Context(), sealwaxtest.Bytes("app", signed.Bytes()), anySource()); err == nil || !r.Has(sealwax.CodeSignatureForeign) {
		t.Errorf("an unknown format: %v: %s", err, messages(r))
	}
}
