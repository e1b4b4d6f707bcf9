"""What a request costs: Trivet beside its peers, measured in one run on one machine."""
