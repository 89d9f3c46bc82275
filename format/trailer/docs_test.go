// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/sealwaxtest"
)

var update = flag.Bool("update", false, "write the example in docs/formats/trailer.md anew")

// TestDocsExample: the file in the documentation is one, to the byte.
func TestDocsExample(t *testing.T) {
	doc := filepath.Join("..", "..", "docs", "formats", "trailer.md")
	text := string(read(t, doc))
	const begin, end = "<!-- example -->\n```\n", "```\n"
	before, rest, ok := strings.Cut(text, begin)
	dump, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("there is no example")
	}
	signed := sign(t, []byte("\x7fELFcode"), compiler, trailer.Statement{Kind: trailer.KindProgram, Tool: "sealwax/1.0.0", Time: now}, nil)
	if *update {
		if err := os.WriteFile(doc, []byte(before+begin+hex.Dump(signed)+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if dump != hex.Dump(signed) {
		t.Errorf("the example is not today's; -update writes it:\n%s", hex.Dump(signed))
	}
	if !strings.Contains(text, hex.EncodeToString(compiler.Public().Bytes())) {
		t.Errorf("the example's key is not there: %x", compiler.Public().Bytes())
	}
	r := judge(t.Context(), t, signed, onlyNative(), people())
	if r.Verdict != sealwax.Allow {
		t.Error(messages(r))
	}
	if _, err := trailer.Read(bytes.NewReader(signed), int64(len(signed))); err != nil || sealwaxtest.Bytes("", signed).Kind() != sealwax.KindProgram {
		t.Error(err)
	}
}
