// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

const sshEd25519 = "ssh-ed25519"

// sshLine is one line of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE
// FORMAT): options, key type, base64, comment.
type sshLine struct {
	options, keyType, blob, comment string
}

// sshOptions are the options that sshd(8) knows. They limit logins, and say
// nothing about signatures, so they are read past; an option that is not listed
// might be a limit that we would lose.
const sshOptions = " agent-forwarding command environment from no-agent-forwarding" +
	" no-port-forwarding no-pty no-touch-required no-user-rc no-x11-forwarding" +
	" permitlisten permitopen port-forwarding principals pty restrict tunnel" +
	" user-rc verify-required x11-forwarding "

// isSSH reports whether any line has the shape of an OpenSSH public key. From
// there on every line must be one: a file that is two things at once is refused.
func isSSH(data []byte) bool {
	for _, s := range textLines(data) {
		if _, ok := splitSSH(s); ok {
			return true
		}
	}
	return false
}

// parseSSHLines reads a .pub, .keys or authorized_keys file.
func parseSSHLines(data []byte) (List, error) {
	var l List
	for i, s := range textLines(data) {
		s = strings.Trim(s, " \t")
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		k, note, err := parseSSHLine(s)
		if err != nil {
			return List{}, fmt.Errorf("line %d: %w", i+1, err)
		}
		if note != "" {
			l.Notes = append(l.Notes, fmt.Sprintf("line %d: %s", i+1, note))
			continue
		}
		k.Line = i + 1
		l.Keys = append(l.Keys, k)
	}
	if len(l.Keys) == 0 {
		return List{}, fmt.Errorf("no Ed25519 key among the OpenSSH keys (%s): %w", strings.Join(l.Notes, "; "), ErrUnsupported)
	}
	return l, nil
}

// parseSSHLine reads one line: a key, or a note on why it is skipped.
func parseSSHLine(s string) (k ListedKey, note string, err error) {
	f, ok := splitSSH(s)
	if !ok {
		return k, "", fmt.Errorf("not an OpenSSH public key: %w", ErrNotKey)
	}
	if err := checkSSHOptions(f.options); err != nil {
		return k, "", err
	}
	if strings.HasPrefix(f.keyType, "sk-") {
		return k, fmt.Sprintf("%q skipped: a hardware key wraps what it signs, so it cannot make these signatures", f.keyType), nil
	}
	if f.keyType != sshEd25519 {
		return k, fmt.Sprintf("%q skipped: only %s keys are taken", f.keyType, sshEd25519), nil
	}
	blob, ok := decode64(f.blob)
	if !ok {
		return k, "", errors.New("the key is not canonical base64")
	}
	p, err := parseSSHBlob(blob)
	if err != nil {
		return k, "", err
	}
	return ListedKey{Public: withSSHComment(p, f.comment), Comment: f.comment, Carrier: CarrierSSH}, "", nil
}

// parseSSHBlob reads a key in OpenSSH's wire encoding (RFC 8709 section 4). An
// Ed25519 key has one encoding, so the key must encode to the same bytes.
func parseSSHBlob(blob []byte) (Public, error) {
	if len(blob) < 32 {
		return Public{}, errors.New("the OpenSSH key is cut off")
	}
	p, err := NewEd25519(blob[len(blob)-32:])
	if err != nil {
		return Public{}, err
	}
	// RFC 8709 section 4: "string "ssh-ed25519"; string key", nothing else: the
	// type that the line declares must be the type inside.
	if !bytes.Equal(p.sshBlob(), blob) {
		return Public{}, errors.New("the OpenSSH key is not what its type says")
	}
	return p, nil
}

// withSSHComment gives p the minisign key id that a comment of the form "minisign
// key <16 hex digits>" carries: that is how the id travels in an OpenSSH line.
func withSSHComment(p Public, comment string) Public {
	h, ok := strings.CutPrefix(comment, sshCommentPrefix)
	if !ok {
		return p
	}
	id, err := ParseID(h)
	if err != nil {
		return p
	}
	return p.WithID(id)
}

// splitSSH splits a line into its fields. It reports false for a line that does
// not have a key type, followed by what every encoded key begins with, in its
// first or second field.
func splitSSH(s string) (sshLine, bool) {
	s = strings.Trim(s, " \t")
	if f, ok := splitSSHKey(s); ok {
		return f, true
	}
	end := optionsEnd(s)
	if end < 0 {
		return sshLine{}, false
	}
	f, ok := splitSSHKey(strings.Trim(s[end:], " \t"))
	f.options = s[:end]
	return f, ok
}

func splitSSHKey(s string) (sshLine, bool) {
	keyType, rest := cutBlank(s)
	blob, comment := cutBlank(rest)
	// The wire encoding begins with the length of the type's name, four bytes of
	// which the first three are zero: "AAAA" in base64.
	if !isKeyType(keyType) || !strings.HasPrefix(blob, "AAAA") {
		return sshLine{}, false
	}
	return sshLine{keyType: keyType, blob: blob, comment: comment}, true
}

func isKeyType(s string) bool {
	return strings.HasPrefix(s, "ssh-") || strings.HasPrefix(s, "ecdsa-") ||
		strings.HasPrefix(s, "sk-") || strings.HasPrefix(s, "webauthn-sk-")
}

func cutBlank(s string) (field, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.Trim(s[i:], " \t")
}

// optionsEnd is the index of the first blank outside double quotes, or -1. In
// quotes, a backslash before a quote keeps it (sshd(8)).
func optionsEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && (s[i] == ' ' || s[i] == '\t'):
			return i
		}
	}
	return -1
}

// checkSSHOptions refuses a line whose options say that its key may not stand
// for the person alone and for good.
func checkSSHOptions(options string) error {
	for options != "" {
		var o string
		o, options = cutOption(options)
		name, value, _ := strings.Cut(strings.ToLower(o), "=")
		// sshd(8): a value is in double quotes, and nothing follows them.
		if quotes := strings.Count(strings.ReplaceAll(value, `\"`, ""), `"`); quotes != 0 &&
			(quotes != 2 || len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"') {
			return fmt.Errorf("option %q: want its value in one pair of double quotes", name)
		}
		switch {
		case name == "cert-authority":
			return errors.New("cert-authority: this key vouches for other keys, and certificates are not read: remove the line, or the option if the key itself signs")
		case name == "expiry-time":
			return errors.New("expiry-time: this key is only good for a time, which is not kept track of here: remove the line, or the option")
		case name == "" || strings.ContainsAny(name, " \"") || !strings.Contains(sshOptions, " "+name+" "):
			return fmt.Errorf("option %q is not known: want a key type, or options of sshd(8), before the key", name)
		}
	}
	return nil
}

// cutOption cuts at the first comma outside double quotes.
func cutOption(s string) (option, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == ',':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
