// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"

	"github.com/sealwax/sealwax/internal/fetch"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust/publisher"
)

// identity is somebody whom the user is asked to know: a publisher with its
// documents, which are checked, or one key.
type identity struct {
	chain *publisher.Chain // nil for a key
	keys  []key.ListedKey  // for keys; a file may list several
	// origin is where it comes from, to be shown and kept: a path, or a URL without
	// what may be a secret in it.
	origin string
	// arg is what was typed, for commands that are proposed.
	arg string
}

// id names the identity: a publisher's id, or a key's fingerprint.
func (i *identity) id() string {
	if i.chain != nil {
		return string(i.chain.ID())
	}
	return string(i.keys[0].Public.Fingerprint())
}

// isURL reports whether an argument is something to fetch, or would be if its
// scheme were one that is fetched. RFC 3986, 3.1: "scheme = ALPHA *( ALPHA / DIGIT /
// "+" / "-" / "." )", in any case. One letter is a drive.
func isURL(arg string) bool {
	scheme, _, is := strings.Cut(arg, "://")
	if !is || len(scheme) < 2 || !isLetter(rune(scheme[0])) {
		return false
	}
	return !strings.ContainsFunc(scheme, func(r rune) bool {
		return !isLetter(r) && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.'
	})
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

// shownArg is an argument as messages repeat it: a URL without what may be a secret.
func shownArg(arg string) string {
	if isURL(arg) {
		return fetch.Shown(arg)
	}
	return arg
}

// identify reads a key or a publisher's file: a key itself, a path, or a URL.
func (a *app) identify(ctx context.Context, arg string) (*identity, error) {
	if looksLikeKey(arg) || strings.HasPrefix(arg, prefixAgent) || strings.HasPrefix(arg, prefixRaw) {
		keys, err := a.publicKeys(ctx, arg)
		return &identity{keys: keys, origin: origin(arg), arg: arg}, err
	}
	data, err := a.fetchOrRead(ctx, arg)
	if err != nil {
		return nil, err
	}
	if publisher.Recognise(data) {
		chain, err := publisher.ParseChain(data)
		if err != nil {
			return nil, ruleError(shownArg(arg), err)
		}
		return &identity{chain: chain, origin: shownArg(arg), arg: arg}, nil
	}
	keys, err := a.listedKeys(shownArg(arg), data)
	return &identity{keys: keys, origin: shownArg(arg), arg: arg}, err
}

// chainFrom reads a publisher's file from a path or a URL.
func (a *app) chainFrom(ctx context.Context, arg string) (*publisher.Chain, error) {
	i, err := a.identify(ctx, arg)
	if err != nil {
		return nil, err
	}
	if i.chain == nil {
		return nil, usagef("a publisher's file begins with \"sealwax publisher/v1\"", "%s is a key, and a publisher's file is wanted", shownArg(arg))
	}
	return i.chain, nil
}

// fetchOrRead gets the bytes at a URL or in a file, no more than a publisher's
// file may have.
func (a *app) fetchOrRead(ctx context.Context, arg string) ([]byte, error) {
	if isURL(arg) {
		return a.fetchURL(ctx, arg, publisher.MaxChainBytes)
	}
	if arg == source.Stdin {
		in, err := a.stdin("a key or a publisher's file")
		if err != nil {
			return nil, err
		}
		return readUpTo(in, publisher.MaxChainBytes)
	}
	return readFileUpTo(arg, publisher.MaxChainBytes)
}

// fetchURL is the one way from the command line to the network.
func (a *app) fetchURL(ctx context.Context, url string, limit int64) ([]byte, error) {
	c, err := fetch.New(fetch.Options{Version: readVersion().Version, Getenv: a.getenv})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	data, err := c.Get(ctx, url, limit)
	if err != nil {
		return nil, withCode(exitUndecided, err)
	}
	return data, nil
}
