// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// check is one expression that decides, and what to put in its place so that it
// decides no more. Offsets are bytes of source.
type check struct {
	file     string
	line     int
	source   []byte
	from, to int
	without  string // "false": never refuses; "true": always agrees
}

func (c check) String() string {
	where := c.file
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, c.file); err == nil {
			where = rel
		}
	}
	return fmt.Sprintf("%s:%d: %s", where, c.line, c.text())
}

func (c check) text() string {
	return strings.Join(strings.Fields(string(c.source[c.from:c.to])), " ")
}

// mutant keeps the expression, so that what it uses is still used, and takes
// its vote away.
func (c check) mutant() []byte {
	operator := "&&"
	if c.without == "true" {
		operator = "||"
	}
	vote := fmt.Sprintf("(%s %s (%s))", c.without, operator, c.source[c.from:c.to])
	out := append([]byte{}, c.source[:c.from]...)
	out = append(out, vote...)
	return append(out, c.source[c.to:]...)
}

func packageChecks(p goPackage) ([]check, error) {
	var all []check
	for _, name := range p.GoFiles {
		checks, err := fileChecks(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		all = append(all, checks...)
	}
	return all, nil
}

func fileChecks(file string) ([]check, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return sourceChecks(file, source)
}

func sourceChecks(file string, source []byte) ([]check, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	skip := skipped(fset, tree)
	var checks []check
	add := func(e ast.Expr, without string) {
		at := fset.Position(e.Pos())
		if !skip[at.Line] {
			checks = append(checks, check{file, at.Line, source, at.Offset, fset.Position(e.End()).Offset, without})
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if refuses(n) {
				each(n.Cond, token.LOR, func(e ast.Expr) { add(e, "false") })
			}
		case *ast.ReturnStmt:
			for _, e := range n.Results {
				if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op == token.LAND {
					each(b, token.LAND, func(e ast.Expr) { add(e, "true") })
				}
			}
		}
		return true
	})
	return checks, nil
}

// skipped are the lines whose comment says that no test can miss the check.
func skipped(fset *token.FileSet, tree *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range tree.Comments {
		for _, c := range group.List {
			_, why, found := strings.Cut(c.Text, "mutate:skip")
			if found && len(strings.TrimSpace(why)) > 3 {
				lines[fset.Position(c.Pos()).Line] = true
			}
		}
	}
	return lines
}

// each visits the operands of a chain of one operator.
func each(e ast.Expr, op token.Token, visit func(ast.Expr)) {
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op == op {
		each(b.X, op, visit)
		each(b.Y, op, visit)
		return
	}
	visit(e)
}

// refuses tells whether an if statement is a check: its body ends by returning
// something that is not all nil, and it does not just pass an error on.
func refuses(n *ast.IfStmt) bool {
	if passesOn(n.Cond) || len(n.Body.List) == 0 {
		return false
	}
	ret, ok := n.Body.List[len(n.Body.List)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 {
		return false
	}
	last, ok := ret.Results[len(ret.Results)-1].(*ast.Ident)
	return !ok || last.Name != "nil" && last.Name != "true"
}

// passesOn recognises "err != nil", whatever the error's name.
func passesOn(e ast.Expr) bool {
	b, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ {
		return false
	}
	x, ok := b.X.(*ast.Ident)
	if !ok || !strings.HasPrefix(strings.ToLower(x.Name), "err") {
		return false
	}
	y, ok := b.Y.(*ast.Ident)
	return ok && y.Name == "nil"
}
