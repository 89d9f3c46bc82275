// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/gate/compile"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
)

// CompileApp compiles the module at path if the maker signed it, and signs the code.
func CompileApp(ctx context.Context, path string, maker key.Public, compiler key.Signer, out io.Writer) error {
	app, err := source.Open(ctx, path, source.Options{Holding: source.Sealed})
	if err != nil {
		return err
	}
	defer func() { _ = app.Close() }()
	helper, err := engine.Find(engine.Wasmtime, os.Getenv)
	if err != nil {
		return err
	}
	known := sealwax.Verifier{Formats: format.All(), Trust: trust.Keys{{Key: maker, Role: sealwax.RoleRelease}}}
	gate := compile.Gate{
		Demands: sealwax.Demands{{Verifier: known, Policy: sealwax.AnyOf(1, sealwax.RoleRelease)}},
		Child:   engine.Child{Executable: helper}, Signer: compiler, Tool: "example/1.0.0",
	}
	_, _, err = gate.Compile(ctx, app, engine.CompileJob{}, out)
	return err
}

func ExampleGate_Compile() {
	err := CompileApp(context.Background(), "testdata/absent.wasm", maker.Public(), compiler, io.Discard)
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output: true
}
