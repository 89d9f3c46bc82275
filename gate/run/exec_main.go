// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import "errors"

// ExecArgument is the hidden first argument of the process that becomes a verified
// program. The program that calls [ExecGate.Exec] must look for it before anything
// else, and then do nothing but [ExecMain] with the arguments that follow.
const ExecArgument = "--sealwax-child=exec"

// ErrAlone is what [ExecMain] returns when no parent has started the process.
var ErrAlone = errors.New("this argument is for sealwax itself, which starts its own child with it")
