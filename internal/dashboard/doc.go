// Package dashboard is the pages on which people see and handle keys. They are
// rendered here, work without script save for copying to the clipboard, and
// know no rule of their own: what may be done, and what is said where it may
// not, is package manage's.
package dashboard
