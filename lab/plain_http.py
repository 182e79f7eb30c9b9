"""For HTTP clients of what the lab runs, which speak plain HTTP and use no proxy."""

import ssl

# Reading the certificates of the machine takes 25 ms for each client, and nothing here speaks TLS.
# This context has no certificates, so a request to an https address fails.
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
