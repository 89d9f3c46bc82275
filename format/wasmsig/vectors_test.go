// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
)

// accepted are the vectors that whole verification takes, and by whom.
var accepted = map[string]string{
	"s1": "k1", "s12": "k1 k2", "b_ss": "k1", "e1": "k1", "e2": "k2", "comp0_s": "k1", "cms": "k1",
	"v_ok": "k1", "v_unknownalg_first": "k1", "v_badlen_first": "k1", "v_wrongkid": "k1",
	"v_shortkid": "k1", "padparts_raw": "k1", "v_64sets": "k1",
}

func TestVectorsAccepted(t *testing.T) {
	for name, keys := range accepted {
		t.Run(name, func(t *testing.T) {
			for k := range strings.FieldsSeq(keys) {
				allows(t, vector(t, name+".wasm"), public(t, k))
			}
			denies(t, vector(t, name+".wasm"), sealwax.CodeSignerUnknown, public(t, "k3"))
		})
	}
}

// refused says why each vector is.
var refused = map[string]sealwax.Code{
	"a": sealwax.CodeSignatureNone, "b": sealwax.CodeSignatureNone, "evil": sealwax.CodeSignatureNone,
	"pad": sealwax.CodeSignatureNone, "pad_reencoded": sealwax.CodeSignatureNone, "comp0": sealwax.CodeSignatureNone,
	"b_s":  sealwax.CodeSignatureNone,
	"e1x":  sealwax.CodeSignaturePartial,
	"m70s": sealwax.CodeSignatureMalformed,

	"t_append": sealwax.CodeSignatureInvalid, "t_component_hdr": sealwax.CodeArtifactMalformed,
	"t_dupsig": sealwax.CodeSignatureMalformed, "t_nonmin_code": sealwax.CodeSignatureReencoded,
	"t_nonmin_sig": sealwax.CodeSignatureMalformed, "t_sigtrail": sealwax.CodeSignatureMalformed,
	"t_trailing": sealwax.CodeArtifactMalformed,

	"u_append_code_nodelim": sealwax.CodeArtifactMalformed, "u_append_nodelim": sealwax.CodeSignaturePartial,
	"u_delim_repl": sealwax.CodeSignatureInvalid, "u_drop_mid": sealwax.CodeSignatureInvalid,
	"u_swap": sealwax.CodeSignatureInvalid, "u_trunc_d1": sealwax.CodeSignatureInvalid,
	"u_trunc_nodelim_tamper": sealwax.CodeSignatureInvalid, "b_ss_repad": sealwax.CodeSignatureReencoded,

	"v_65sets": sealwax.CodeSignatureMalformed, "v_ct2": sealwax.CodeSignatureMalformed,
	"v_hf2": sealwax.CodeSignatureMalformed, "v_hugelen": sealwax.CodeSignatureMalformed,
	"v_leb5overflow": sealwax.CodeSignatureMalformed, "v_speclayout": sealwax.CodeSignatureForeign,
	"v_zerohash": sealwax.CodeSignatureMalformed, "v_zerosets": sealwax.CodeSignatureMalformed,
}

func TestVectorsRefused(t *testing.T) {
	for name, code := range refused {
		t.Run(name, func(t *testing.T) {
			denies(t, vector(t, name+".wasm"), code, public(t, "k1"), public(t, "k2"))
		})
	}
}

// TestVectorsAllKnown: a vector that joins the folder joins a table.
func TestVectorsAllKnown(t *testing.T) {
	for _, dir := range []string{"testdata", "../../../shared/vectors/wasmsig"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".wasm")
			if accepted[name] == "" && refused[name] == "" {
				t.Errorf("%s is in no table", f)
			}
		}
	}
}

func TestVectorsDetached(t *testing.T) {
	k1, k2 := public(t, "k1"), public(t, "k2")
	for _, tc := range []struct {
		module, sig string
		need        int
		refused     sealwax.Code
	}{
		{"a", "d.sig", 1, ""},
		{"a", "d2.sig", 2, ""},
		{"s1", "d2.sig", 2, ""}, // "always speaks of the module without its signature section"
		{"pad_reencoded", "pad.sig", 1, ""},
		{"pad", "pad.sig", 1, sealwax.CodeSignatureReencoded},
		{"b", "d.sig", 1, sealwax.CodeSignatureInvalid},
		{"t_nonmin_code", "d.sig", 1, sealwax.CodeSignatureReencoded},
	} {
		t.Run(tc.module+"+"+tc.sig, func(t *testing.T) {
			r, err := verify(t, vector(t, tc.module+".wasm"), anyOf(tc.need), beside1(vector(t, tc.sig)), k1, k2)
			if (err == nil) != (tc.refused == "") {
				t.Fatalf("verdict %v, findings %+v", r.Verdict, r.Findings)
			}
			if tc.refused != "" && !r.Has(tc.refused) {
				t.Errorf("no finding %s: %+v", tc.refused, r.Findings)
			}
		})
	}
}

// TestVectorsKind: what the signature cannot tell, the policy can demand.
func TestVectorsKind(t *testing.T) {
	cms := vector(t, "cms.wasm")
	relabelled := append([]byte("\x00asm\x0d\x00\x01\x00"), cms[8:]...)
	p := anyOf(1)
	if _, err := verify(t, relabelled, p, nil, public(t, "k1")); err != nil {
		t.Fatalf("custom sections fit either kind: %v", err)
	}
	p.Kind = sealwax.KindModule
	r, err := verify(t, relabelled, p, nil, public(t, "k1"))
	if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) || !r.Has(sealwax.CodeArtifactKind) {
		t.Errorf("got %v, %+v", err, r.Findings)
	}
}

// TestVectorsOutside: the copies are the originals.
func TestVectorsOutside(t *testing.T) {
	files, err := filepath.Glob("../../../shared/vectors/wasmsig/*")
	if err != nil || len(files) == 0 {
		t.Log("nothing outside the repository to compare with")
		return
	}
	for _, f := range files {
		here, err := os.ReadFile(filepath.Join("testdata", filepath.Base(f)))
		if os.IsNotExist(err) {
			continue
		}
		there, err2 := os.ReadFile(f)
		if err != nil || err2 != nil || string(here) != string(there) {
			t.Errorf("%s differs from its copy", f)
		}
	}
}
