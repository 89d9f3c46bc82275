// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Limits of what a key file may be. They are checked before anything is read
// into a structure.
const (
	// MaxPublicBytes is the largest file that [ParsePublic] looks at.
	MaxPublicBytes = 1 << 20
	// MaxPublicLines is the largest number of lines in such a file.
	MaxPublicLines = 1000
	// MaxSecretBytes is the largest file that [ParseSecret] looks at.
	MaxSecretBytes = 64 << 10

	// maxFirstLine is the longest first line that minisign reads: its buffer of
	// 1024 bytes also holds the line feed and a NUL.
	maxFirstLine = 1022
)

// Carriers: the forms that a key is held in, as [ListedKey.Carrier] and
// [SecretInfo.Carrier] name them.
const (
	CarrierMinisign     = "minisign key file"
	CarrierMinisignLine = "minisign key line"
	CarrierTauri        = "base64 of a minisign key file (Tauri)"
	CarrierRaw          = "raw minisign key"
	CarrierWasmsign     = "wasmsign2 key file"
	CarrierPEM          = "PEM"
	CarrierDER          = "DER"
	CarrierSSH          = "OpenSSH"
)

var errEmpty = errors.New("the file is empty")

const (
	utf8BOM       = "\xef\xbb\xbf"
	untrustedText = "untrusted comment: "
)

// decode64 decodes canonical base64 (RFC 4648 section 4, with padding): the
// only text that encodes the bytes it stands for (section 3.5: "decoders MAY
// choose to reject an encoding if the pad bits have not been set to zero").
func decode64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, false
	}
	return b, true
}

// textLines splits data into lines without their LF or CRLF, leaving out blank
// lines at the end.
func textLines(data []byte) []string {
	lines := strings.Split(string(data), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	for len(lines) > 0 && isBlank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func isBlank(s string) bool { return strings.Trim(s, " \t\r") == "" }

// minisignBlob finds the one base64 line of a minisign key file and decodes it.
// It also returns the text of the comment line and the key line's number.
func minisignBlob(data []byte) (blob []byte, comment string, line int, err error) {
	lines := textLines(data)
	// minisign reads one comment line, whatever it says, and one key line. A
	// file that holds more could name another key to another reader.
	switch len(lines) {
	case 0:
		return nil, "", 0, errEmpty
	case 1:
		line = 1
	case 2:
		line = 2
		comment, err = firstLine(lines[0])
	default:
		err = fmt.Errorf("line 3: a minisign key file holds one comment line and one key line, nothing more")
	}
	if err != nil {
		return nil, "", 0, err
	}
	blob, ok := decode64(lines[line-1])
	if !ok {
		return nil, "", 0, fmt.Errorf("line %d: %s", line, notBase64(lines[line-1]))
	}
	return blob, comment, line, nil
}

// notBase64 says why a key line does not decode, without repeating the line: it
// may be a secret.
func notBase64(s string) string {
	if strings.HasPrefix(s, utf8BOM) {
		return "the key begins with a byte order mark: save the file as UTF-8 without one"
	}
	if s != strings.TrimSpace(s) {
		return "blanks around the key: remove them"
	}
	return "not a key in standard, canonical base64"
}

// firstLine is the comment that a key file's first line carries. minisign takes
// any line here, a byte order mark and an empty line included.
func firstLine(s string) (string, error) {
	if len(s) > maxFirstLine {
		return "", fmt.Errorf("line 1: comment of %d bytes, want at most %d", len(s), maxFirstLine)
	}
	// A NUL would end the line for readers in C and not for us.
	if strings.IndexByte(s, 0) >= 0 {
		return "", errors.New("line 1: a NUL byte in the comment")
	}
	// minisign would take a key line here for a comment; a reader of bare lines
	// would take it for the key.
	if b, ok := decode64(s); ok && len(b) == rawPublicSize {
		return "", errors.New("two keys: a minisign key file holds one")
	}
	s = strings.TrimPrefix(s, utf8BOM)
	return strings.TrimPrefix(s, untrustedText), nil
}

// tauriText returns the key file inside data when data is the base64 of a whole
// minisign key file in one line, as Tauri keeps its keys.
func tauriText(data []byte) ([]byte, bool) {
	lines := textLines(data)
	if len(lines) != 1 {
		return nil, false
	}
	inner, ok := decode64(lines[0])
	if !ok || !bytes.HasPrefix(inner, []byte(untrustedText)) {
		return nil, false
	}
	return inner, true
}

// isPEM reports whether the first line that is not blank opens a PEM block.
func isPEM(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("-----BEGIN "))
}

// decodePEM reads exactly one PEM block (RFC 7468 section 3, without
// explanatory text): no headers, nothing before or after it, canonical base64.
func decodePEM(data []byte) (label string, body []byte, err error) {
	lines := textLines(bytes.TrimLeft(data, " \t\r\n"))
	if len(lines) < 3 {
		return "", nil, errors.New("PEM: the block is cut off")
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	label, ok := strings.CutPrefix(lines[0], "-----BEGIN ")
	label, dashes := strings.CutSuffix(label, "-----")
	if !ok || !dashes {
		return "", nil, errors.New("PEM: the first line is not -----BEGIN …-----")
	}
	// RFC 7468 section 3: one encapsulation boundary of the same label ends the
	// block. A second block could name another key to another reader.
	if lines[len(lines)-1] != "-----END "+label+"-----" {
		return label, nil, fmt.Errorf("PEM: the last line is not the end of the %q block: want one block and nothing after it", label)
	}
	body, ok = decode64(strings.Join(lines[1:len(lines)-1], ""))
	if !ok {
		return label, nil, errors.New("PEM: the block does not hold canonical base64 without headers")
	}
	return label, body, nil
}
