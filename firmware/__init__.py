"""Runs on a unit: hears the buttons of its points, keeps alerts, lights the lamps."""
