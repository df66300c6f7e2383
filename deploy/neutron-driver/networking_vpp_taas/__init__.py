"""Neutron keeps the API: its tap-as-a-service plugin asks taas-server for the taps that Neutron's database has."""
