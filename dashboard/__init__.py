"""The status board: shows the store, sends what staff do to the gateway, decides nothing."""
