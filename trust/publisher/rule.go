// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
)

// The codes of broken rules.
const (
	CodeInvalid  sealwax.Code = "publisher.invalid"   // not a publisher's text, or a rule that has no code of its own
	CodeChain    sealwax.Code = "publisher.chain"     // a document does not follow the one before it
	CodeUnsigned sealwax.Code = "publisher.unsigned"  // too few root keys signed
	CodeNextRoot sealwax.Code = "publisher.next_root" // root keys changed otherwise than committed
	CodeRole     sealwax.Code = "publisher.role"      // root keys and other keys are mixed up
	CodeStranger sealwax.Code = "publisher.stranger"  // a key is listed that did not sign
	CodeFork     sealwax.Code = "publisher.fork"      // two histories
)

// RuleError says which rule a chain breaks. It is a "no": what was read is not
// a publisher.
type RuleError struct {
	Code     sealwax.Code
	Sequence int // of the document; -1 if it is the file's text
	Err      error
}

// Error says where and what.
func (e *RuleError) Error() string {
	if e.Sequence < 0 {
		return fmt.Sprintf("publisher chain: %v", e.Err)
	}
	return fmt.Sprintf("publisher chain: document %d: %v", e.Sequence, e.Err)
}

// Unwrap is what is wrong.
func (e *RuleError) Unwrap() error { return e.Err }

// broken gives an error a place, and a code unless it has one already.
func broken(sequence int, err error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*RuleError](err); ok {
		return &RuleError{r.Code, sequence, r.Err} // one place is enough
	}
	return &RuleError{CodeInvalid, sequence, err}
}
