"""The work and the contract, written once for all four approaches."""
