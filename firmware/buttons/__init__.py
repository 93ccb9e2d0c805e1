"""From electrical lines to what they mean."""
