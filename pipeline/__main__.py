"""`python -m pipeline` is `vend`."""
