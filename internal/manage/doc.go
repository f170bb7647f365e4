// Package manage holds the use cases of administration: it creates, lists,
// shows and revokes keys, and keeps tokens, workspaces and projects. The
// rules live here and nowhere else; the API, the commands and the dashboard
// call them through Service.
package manage
