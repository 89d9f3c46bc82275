// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix && !windows

package term

import (
	"errors"
	"os"
)

func openDevice() (in, out *os.File, err error) { return nil, nil, errors.ErrUnsupported }
