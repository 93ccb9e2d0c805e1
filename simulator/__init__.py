"""A whole branch on one machine, and the files a branch is made of."""
