package archtest

import (
	"go/ast"
	"go/token"
	"slices"
)

// matchers are functions and methods that answer whether a text is like
// another, or where.
var matchers = []string{
	"Compare", "Contains", "ContainsAny", "ContainsFunc", "ContainsRune", "Count", "Cut", "CutPrefix", "CutSuffix",
	"EqualFold", "HasPrefix", "HasSuffix", "Index", "IndexAny", "IndexByte", "LastIndex", "MatchString", "FindString",
	"FindStringSubmatch",
}

var errorTextRule = rule{"errors are told apart by errors.Is and errors.As", checkErrorTexts}

func checkErrorTexts(t *tree) (found []finding) {
	for _, f := range t.files {
		if !f.production() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if n != nil && matchesErrorText(n) {
				found = append(found, f.found(n.Pos(), "an error is told by its text, which may change: compare with errors.Is, or take it apart with errors.As"))
			}
			return true
		})
	}
	return found
}

func matchesErrorText(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return (n.Op == token.EQL || n.Op == token.NEQ) && (isErrorText(n.X) || isErrorText(n.Y))
	case *ast.SwitchStmt:
		return n.Tag != nil && isErrorText(n.Tag)
	case *ast.CallExpr:
		fn, ok := n.Fun.(*ast.SelectorExpr)
		return ok && slices.Contains(matchers, fn.Sel.Name) && slices.ContainsFunc(n.Args, isErrorText)
	}
	return false
}

// isErrorText reports whether an expression is x.Error(), or a call around it
// such as strings.ToLower(x.Error()).
func isErrorText(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	if fn, ok := call.Fun.(*ast.SelectorExpr); ok && fn.Sel.Name == "Error" && len(call.Args) == 0 {
		return true
	}
	return slices.ContainsFunc(call.Args, isErrorText)
}
