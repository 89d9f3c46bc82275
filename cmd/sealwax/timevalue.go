// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeValue is a flag's length of time: Go's form (10s, 5m), or plain milliseconds,
// which is how Lucet's tools count.
type timeValue time.Duration

// String writes Go's form; none is "".
func (t *timeValue) String() string {
	if t == nil || *t == 0 {
		return ""
	}
	return time.Duration(*t).String()
}

// Type is what help calls it.
func (t *timeValue) Type() string { return "duration" }

// Set reads one.
func (t *timeValue) Set(s string) error {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > math.MaxInt64/int64(time.Millisecond) {
			return errors.New("it is too long")
		}
		*t = timeValue(time.Duration(n) * time.Millisecond)
		return nil
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New("want a length of time as 10s or 5m, or plain milliseconds")
	case d < 0:
		return errors.New("it is negative")
	}
	*t = timeValue(d)
	return nil
}
