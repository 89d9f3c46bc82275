// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealwax/sealwax/internal/helper"
)

// Failure is an error of a kind. Errors of an [Engine] that are none are
// [helper.Internal].
type Failure struct {
	Kind helper.Kind
	Err  error
}

// Error is what went wrong, without its kind.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap is what went wrong.
func (f *Failure) Unwrap() error { return f.Err }

// Failf makes a [Failure].
func Failf(kind helper.Kind, format string, args ...any) error {
	return &Failure{kind, fmt.Errorf(format, args...)}
}

func failureOf(err error) helper.Message {
	kind := helper.Internal
	if f, ok := errors.AsType[*Failure](err); ok {
		kind = f.Kind
	}
	return failed(kind, err)
}

// maxMessage keeps a message well below the size of an event, whatever JSON
// makes of its characters.
const maxMessage = 8 << 10

func failed(kind helper.Kind, err error) helper.Message {
	text := err.Error()
	if len(text) > maxMessage {
		text = text[:maxMessage] + " …"
	}
	return helper.Failed{Kind: kind, Message: strings.ToValidUTF8(text, "\uFFFD")}
}
