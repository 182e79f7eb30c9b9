"""RabbitMQ, where it is installed: a node of its own on loopback, with its own password."""

import secrets
import shutil
from pathlib import Path

from lab.errors import LabError

from .commands import Command
from .folder import open_private
from .ports import HOST
from .ready import logs

# Debian's command in the path can be run only by root or by the user rabbitmq.
DEBIAN = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONFIG = """\
listeners.tcp.1 = {host}:{port}
default_user = lab
default_pass = {password}
log.console = true
log.file = false
"""


def find_rabbitmq() -> str:
    """Return the program; raise LabError if it is not installed."""
    if program := shutil.which(DEBIAN) or shutil.which("rabbitmq-server"):
        return program
    raise LabError("RabbitMQ is not installed (Debian: apt install rabbitmq-server)")


def rabbitmq(folder: Path, port: int, nodes_port: int, names_port: int) -> Command:
    """Run a node that keeps all its files in `folder`.

    Nodes of a cluster speak over `nodes_port`, and find each other over `names_port`, where a
    small server of Erlang's listens; a single node has both as well.
    """
    password, config = secrets.token_urlsafe(18), folder / "rabbitmq.conf"
    config.unlink(missing_ok=True)
    with open_private(config) as file:
        file.write(CONFIG.format(host=HOST, port=port, password=password))
    plugins = folder / "enabled_plugins"
    plugins.touch()
    env = {
        "HOME": str(folder),  # Erlang's cookie
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # not the machine's own settings
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_NODENAME": f"lab{port}@localhost",
        "RABBITMQ_DIST_PORT": str(nodes_port),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_PORT": str(names_port),
        "ERL_EPMD_ADDRESS": HOST,
    }
    url = f"amqp://lab:{password}@{HOST}:{port}//"
    return Command([find_rabbitmq()], url, logs(r"completed with \d+ plugins"), env)
