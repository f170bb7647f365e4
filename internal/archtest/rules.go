package archtest

import "io/fs"

// rules are all the demands on the module in fsys.
func rules(fsys fs.FS) []rule {
	return []rule{
		arrowRule(arrows),
		thirdPartyRule(thirdParties),
		supportRule,
		fileSizeRule,
		functionSizeRule,
		commentRule,
		callRule,
		errorTextRule,
		revealRule(reveals),
		goModRule,
		makeRule,
		adrRule,
		dependencyRule,
		linkRule(fsys),
	}
}
