"""The edge of the apps: links behind a proxy, downloads, the docs page, metrics."""
