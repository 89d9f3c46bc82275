// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/docs"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "explain CODE",
		Short:     "explain a finding: what, why, what to do",
		Long:      "Explain prints the page of a finding's code. Without a code it lists them all.",
		Example:   "  sealwax explain signer.unknown",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: codeNames(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.page(strings.Join(codeNames(), "\n"))
				return nil
			}
			page, ok := docs.Finding(args[0])
			if !ok {
				return usagef("sealwax explain   lists the codes; verify --explain FILE   explains a decision", "no finding is called %q", args[0])
			}
			a.page(strings.TrimSuffix(page, "\n"))
			return nil
		},
	}
}

func codeNames() []string {
	var out []string
	for _, c := range sealwax.Codes() {
		out = append(out, string(c))
	}
	return out
}

// helpTopics are commands without a Run: cobra lists them as further topics.
func helpTopics() []*cobra.Command {
	var out []*cobra.Command
	for _, name := range docs.Topics() {
		text, _ := docs.Topic(name)
		title, body, _ := strings.Cut(text, "\n")
		out = append(out, &cobra.Command{Use: name, Short: strings.ToLower(title), Long: title + "\n" + strings.TrimRight(body, "\n")})
	}
	return out
}
