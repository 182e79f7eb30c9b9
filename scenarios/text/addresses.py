"""Addresses in settings: checked once at the start, by rules that never repeat what they check.

A password may stand in any of them, so an error says what is right and not what was found.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import httpx
from pydantic import AfterValidator

ESCAPES = "; write / # ? and @ in a user or a password as %2F, %23, %3F and %40"
HTTP = f"must be https://[user:password@]host[:port]/path, or http://{ESCAPES}"
SMTP = f"must be smtp://[user:password@]host[:port], or smtps:// for TLS from the start{ESCAPES}"
REDIS = (
    "must be redis://[user:password@]host[:port][/number], rediss:// for TLS, or"
    f" unix://[user:password@]/path/of/socket[?db=number]{ESCAPES}"
)
BROKER = f"{REDIS}; or amqp://[user:password@]host[:port][/vhost], amqps:// for TLS"
TLS_FILES = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
TLS_OPTIONS = TLS_FILES | {
    "ssl_cert_reqs",
    "ssl_check_hostname",
}  # of redis-py, for rediss:// alone
CHECKS_OF_SERVER = {"none", "optional", "required"}
SMTP_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over, and as whom."""

    host: str
    port: int
    use_tls: bool  # from the first byte on; else STARTTLS where it is offered
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def split(url: str, schemes: set[str], right: str) -> SplitResult:
    """Take a URL apart; raises `ValueError` with `right` if that is not sure to be what was meant.

    `smtp://ann:12/secret@host` is a URL too: of a host called ann, with a port. So an @ belongs
    before the host and nowhere else.
    """
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
        (parts.hostname or "").encode("idna")  # a socket does it too: not for `a..b`, or 64 letters
    except ValueError:
        raise ValueError(right) from None
    rest = f"{parts.path}?{parts.query}"
    is_clear = has_port and url.isprintable() and " " not in url and "#" not in url
    if parts.scheme not in schemes or not is_clear or "@" in rest:
        raise ValueError(right)
    if parts.scheme != "unix" and not parts.hostname:
        raise ValueError(right)
    return parts


def check_http(url: str) -> str:
    """Return the address of a service over HTTP."""
    split(url, {"http", "https"}, HTTP)
    try:
        httpx.URL(url).host  # noqa: B018, it raises for `xn--` with nothing behind that is a name
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError(HTTP) from None
    return url


def read_mail_server(url: str) -> MailServer:
    """Return what the address of a mail server says."""
    parts = split(url, set(SMTP_PORTS), SMTP)
    if parts.path not in ("", "/") or parts.query or not parts.hostname:
        raise ValueError(SMTP)
    return MailServer(
        host=parts.hostname,
        port=parts.port or SMTP_PORTS[parts.scheme],
        use_tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def check_mail(url: str) -> str:
    """Return the address of a mail server."""
    read_mail_server(url)
    return url


def check_redis(url: str, right: str = REDIS) -> str:
    """Return the address of a Redis, the check of the server's certificate made explicit."""
    parts = split(url, {"redis", "rediss", "unix"}, right)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    path = parts.path[1:]
    is_path = bool(path) if parts.scheme == "unix" else not path or path.isdecimal()
    # The database is named in one place: of two, redis-py and Celery would take different ones.
    known = {"unix": {"db"}, "rediss": TLS_OPTIONS}.get(parts.scheme, set())
    are_options = options.keys() <= known and len(options) == len(pairs)
    if not (is_path and are_options and bool(parts.query) is bool(options)):
        raise ValueError(right)
    # redis-py takes no `REDIS://`; and it takes `no` for false, Celery for true.
    is_checked = options.get("ssl_check_hostname", "true").lower() in ("true", "false")
    is_same = url.startswith(parts.scheme) and is_checked
    if not (is_same and options.get("db", "0").isdecimal()):
        raise ValueError(right)
    if options.get("ssl_cert_reqs", "none") not in CHECKS_OF_SERVER:
        raise ValueError(f"must have an ssl_cert_reqs of {', '.join(sorted(CHECKS_OF_SERVER))}")
    if not all(Path(options[name]).is_file() for name in TLS_FILES & options.keys()):
        raise ValueError(f"must name files that are there by {', '.join(sorted(TLS_FILES))}")
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in options:
        # Celery does not start without it, and redis-py's own default is the same.
        url += f"{'&' if parts.query else '?'}ssl_cert_reqs=required"
    return url


def check_broker(url: str) -> str:
    """Return the address of a broker: a Redis or a RabbitMQ."""
    # `celery_app.py` puts Celery's form into the environment, and its children read it here.
    if url.startswith("redis+socket:"):
        url = url.replace("redis+socket:", "unix:", 1).replace("?virtual_host=", "?db=")
    if not url.startswith(("amqp:", "amqps:")):
        return check_redis(url, BROKER)
    parts = split(url, {"amqp", "amqps"}, BROKER)
    if parts.query or "/" in parts.path[1:].removesuffix("/"):
        raise ValueError(BROKER)
    return url


HttpUrl = Annotated[str, AfterValidator(check_http)]
MailUrl = Annotated[str, AfterValidator(check_mail)]
RedisUrl = Annotated[str, AfterValidator(check_redis)]
BrokerUrl = Annotated[str, AfterValidator(check_broker)]
