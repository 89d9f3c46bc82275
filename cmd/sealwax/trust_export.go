// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

func (a *app) trustExportCommand() *cobra.Command {
	var out string
	var force bool
	c := &cobra.Command{
		Use:   "export",
		Short: "write pins, publishers and blocks in one text",
		Long: `Export writes what you decided, with the publishers' documents as they are known, in one text that
sealwax trust import reads on another machine. It holds no secret.`,
		Example: `  sealwax trust export -o trust.txt`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			e, err := store.Export(c.Context())
			if err != nil {
				return err
			}
			data, err := e.Marshal()
			if err != nil {
				return err
			}
			if out == stdout {
				_, err := a.out.Write(data)
				return err
			}
			return a.emit(out, force, func(w output) error { _, err := w.Write(data); return err })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", stdout, "write to `FILE`")
	c.Flags().BoolVar(&force, "force", false, "replace FILE if it is there")
	return c
}
