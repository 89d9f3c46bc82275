// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/gate/run"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
)

// runSigned runs the module at path if maker signed exactly its bytes.
func runSigned(ctx context.Context, path string, maker key.Public) (exitCode int, err error) {
	module, err := source.Open(ctx, path, source.Options{Holding: source.Sealed})
	if err != nil {
		return 0, err
	}
	defer module.Close()
	gate := run.Gate{
		Demands: sealwax.Demands{{
			Verifier: sealwax.Verifier{Formats: format.All(), Trust: trust.Keys{{Key: maker, Role: sealwax.RoleRelease}}},
			Policy:   sealwax.AnyOf(1, sealwax.RoleRelease),
		}},
		Child: engine.Child{Executable: "sealwax", Stdout: os.Stdout},
	}
	_, result, err := gate.Run(ctx, module, engine.Job{})
	return result.ExitCode, err
}

// Run a WebAssembly module, but only if somebody you chose vouches for it. This
// one nobody has signed.
func Example() {
	list, err := key.ParsePublic([]byte("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"))
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := runSigned(context.Background(), "cmd/sealwax/quickstart/hello.wasm", list.Keys[0].Public)
	denied := (*sealwax.DeniedError)(nil)
	switch {
	case errors.As(err, &denied):
		fmt.Println("refused:", denied.Report.Findings[0].Message)
	case err != nil:
		fmt.Println("undecided, or it did not run:", err)
	default:
		fmt.Println("it ended with", code)
	}
	// Output: refused: no signature was found in it or beside it
}
