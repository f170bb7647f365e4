//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package cli

import "os"

// terminalWidth can't be asked here.
func terminalWidth(*os.File) int { return 0 }
