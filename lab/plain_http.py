"""Clients of what the lab runs: plain HTTP on this machine, by no proxy."""

import ssl

# Made once, as reading the certificates of the machine takes 25 ms for each client. It has none, so
# it would trust nobody: an address that begins with https fails.
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
