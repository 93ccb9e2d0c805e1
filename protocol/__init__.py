"""The words: what Anling's programs say to each other. Imports none of ours."""
