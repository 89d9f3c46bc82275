// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

// ExecArgument is the hidden first argument of the process that becomes a verified
// program. The program that calls [ExecGate.Exec] must look for it before anything
// else, and then do nothing but [ExecMain] with the arguments that follow.
const ExecArgument = "--sealwax-child=exec"

// usageCode is the exit code for a start that no parent made.
const usageCode = 125
