// Package cli holds the commands of administration: keys, tokens, workspaces,
// projects, and import. They do what manage.Service does, and print it for people or
// as JSON with the names of the API. Where the service comes from is the
// caller's to say, by an Opener.
package cli
