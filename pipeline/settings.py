"""Settings: `vending.yaml` and the environment, read once, frozen."""
