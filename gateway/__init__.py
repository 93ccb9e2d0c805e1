"""The gateway: runs once in a branch, dispatches the team and follows each incident to its end."""
