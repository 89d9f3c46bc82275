// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import "C" // for stack_linux.c
