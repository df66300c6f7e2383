"""Horizon's panel Project, Network, Taps. It decides nothing: it asks the TaaS API with the user's own token."""
