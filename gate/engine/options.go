// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"math"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Mount is one folder of the host that a guest may use. The zero Writable lets
// nothing in it be changed.
type Mount struct {
	Host     string // path on the host, relative to the working folder or absolute
	Guest    string // absolute, clean path with slashes in the guest
	Writable bool
}

// ParseDir reads one folder in the form HOST[::GUEST][:ro].
//
// A final ":ro" is always the mode. GUEST starts with "/". HOST alone is placed
// under its own base name, except ".", which becomes the guest's "/". The form
// HOST:GUEST is read when GUEST starts with "/" or ".", which counts from "/".
// On Windows one letter before ":" is a drive.
func ParseDir(s string) (Mount, error) {
	m, err := parseDir(s, runtime.GOOS == "windows")
	if err != nil {
		return Mount{}, fmt.Errorf("reading folder %q: %w; write HOST, HOST::/GUEST or HOST::/GUEST:ro", s, err)
	}
	return m, nil
}

func parseDir(s string, windows bool) (Mount, error) {
	rest, readOnly := strings.CutSuffix(s, ":ro")
	m := Mount{Writable: !readOnly}
	var guest string
	m.Host, guest = splitDir(rest, windows)
	switch {
	case m.Host == "":
		return Mount{}, errors.New("the host folder is missing")
	case strings.ContainsRune(s, 0):
		return Mount{}, errors.New("it contains a NUL byte")
	case guest != "":
		m.Guest = path.Join("/", guest)
		return m, checkGuest(guest)
	case strings.HasSuffix(rest, ":") && !(windows && len(rest) == 2):
		return Mount{}, errors.New("the guest path is missing")
	}
	var err error
	m.Guest, err = ownName(m.Host)
	return m, err
}

// checkGuest holds a guest path, as it was written, to what can only be meant in
// one way.
func checkGuest(guest string) error {
	switch shown, relative := strings.CutPrefix(guest, relativeMark); {
	case relative, !strings.HasPrefix(guest, "/") && !strings.HasPrefix(guest, "."):
		return fmt.Errorf("the guest path %q does not start with /", shown)
	case strings.HasSuffix(guest, ":rw"):
		return errors.New("the only mode is :ro, and without it a folder can be written to")
	case slices.Contains(strings.Split(guest, "/"), ".."):
		return fmt.Errorf("the guest path %q leads up", guest)
	}
	return nil
}

// relativeMark marks a guest path behind "::" that is not absolute.
const relativeMark = "relative:"

// splitDir separates host and guest at the first "::", which leaves a guest that
// is marked as wrong unless it starts with "/"; else at the first ":" before "/"
// or ".". Without either, the guest is empty.
func splitDir(s string, windows bool) (host, guest string) {
	drive := ""
	if windows && len(s) > 1 && s[1] == ':' && isLetter(s[0]) && !strings.HasPrefix(s[2:], ":") {
		drive, s = s[:2], s[2:]
	}
	if before, after, ok := strings.Cut(s, "::"); ok && after != "" {
		if strings.HasPrefix(after, ".") {
			after = relativeMark + after // after "::" only "/" will do
		}
		return drive + before, after
	}
	for i := 0; i < len(s)-1; i++ {
		if s[i] == ':' && (s[i+1] == '/' || s[i+1] == '.') {
			return drive + s[:i], s[i+1:]
		}
	}
	return drive + s, ""
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// ownName is where a folder goes that is given alone.
func ownName(host string) (string, error) {
	if filepath.Clean(host) == "." {
		return "/", nil
	}
	abs, err := filepath.Abs(host)
	if err != nil {
		return "", err
	}
	base := filepath.ToSlash(filepath.Base(abs))
	return path.Join("/", base), nil
}

// ParseEnv checks variables in the form KEY=VALUE and keeps the last one of each
// KEY, in the order given. A KEY alone is refused: nothing is inherited.
func ParseEnv(vars []string) ([]string, error) {
	at := make(map[string]int, len(vars))
	out := make([]string, 0, len(vars))
	for _, v := range vars {
		key, _, ok := strings.Cut(v, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("reading variable %q: write KEY=VALUE (nothing is inherited from your own environment)", v)
		}
		if strings.ContainsRune(v, 0) {
			return nil, fmt.Errorf("reading variable %q: it contains a NUL byte", key)
		}
		if i, again := at[key]; again {
			out[i] = v
			continue
		}
		at[key] = len(out)
		out = append(out, v)
	}
	return out, nil
}

// ParseMemory reads an amount of memory: plain bytes, or a whole number with one
// of the units B, KiB, MiB, GiB and TiB, in any case. Less than [MinMemory] and
// more than [MaxMemory] are refused.
func ParseMemory(s string) (int64, error) {
	n, err := parseSize(s)
	if err == nil && (n < MinMemory || n > MaxMemory) {
		err = fmt.Errorf("it must be between %s and %s", formatSize(MinMemory), formatSize(MaxMemory))
	}
	if err != nil {
		return 0, fmt.Errorf("reading memory size %q: %w", s, err)
	}
	return n, nil
}

func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "bBiIkKmMgGtT")
	factor, ok := unit(s[len(digits):])
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, errors.New("write bytes, or a whole number and KiB, MiB, GiB or TiB")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > math.MaxInt64/factor {
		return 0, errors.New("it is too large")
	}
	return n * factor, nil
}

func unit(s string) (int64, bool) {
	switch strings.ToLower(s) {
	case "", "b":
		return 1, true
	case "kib":
		return 1 << 10, true
	case "mib":
		return 1 << 20, true
	case "gib":
		return 1 << 30, true
	case "tib":
		return 1 << 40, true
	}
	return 0, false
}

// formatSize writes n in the largest unit that divides it.
func formatSize(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + " " + u.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
