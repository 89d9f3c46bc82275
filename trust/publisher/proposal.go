// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"errors"
	"strings"
)

// proposalHeader is the first line of a proposal's file, so that it is taken for
// no publisher: its last document is not signed by all who have to.
const proposalHeader = "sealwax proposal/v1"

// Marshal writes the draft with the chain before it, to be passed to those who
// still have to sign.
func (d *Draft) Marshal() ([]byte, error) {
	l, err := d.fix()
	if err != nil {
		return nil, err
	}
	var links []*link
	if d.chain != nil {
		links = append(links, d.chain.links...)
	}
	return []byte(proposalHeader + "\n" + textOf(append(links, l))), nil
}

// RecogniseProposal reports whether data begins as a proposal does.
func RecogniseProposal(data []byte) bool {
	return strings.HasPrefix(string(data[:min(len(data), len(proposalHeader)+1)]), proposalHeader+"\n")
}

// ParseProposal reads a proposal: a chain, of which every rule and signature holds
// but that the last document may want signatures. An error is a [*RuleError].
func ParseProposal(data []byte) (*Draft, error) {
	if !RecogniseProposal(data) {
		return nil, broken(-1, errors.New("not a proposal: its first line is another than "+proposalHeader))
	}
	links, err := parseLinks(data[len(proposalHeader)+1:])
	if err != nil {
		return nil, broken(-1, err)
	}
	var c *Chain
	for _, l := range links[:len(links)-1] {
		before := c
		if before == nil {
			before = &Chain{}
		}
		if c, err = before.extend(l); err != nil {
			return nil, err
		}
	}
	last := links[len(links)-1]
	before := c
	if before == nil {
		before = &Chain{}
	}
	if _, err := before.admit(last); err != nil {
		return nil, err
	}
	return &Draft{chain: c, doc: last.doc, link: last}, nil
}

// Base is the chain that the draft goes on from; nil for a first document.
func (d *Draft) Base() *Chain { return d.chain }
