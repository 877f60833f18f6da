"""RabbitMQ with its MQTT plugin: QoS 1, persistent sessions in durable queues; acknowledged is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.erlang import folder, running
from bench.peers.install import CannotInstall
from bench.peers.mqtt import PASSWORD, USER
from wardwire.ops.account import drop_account, hand_over
from wardwire.ops.ports import free_port

ROOT = Path("/usr/lib/rabbitmq/lib")


def configuration(port: int, amqp: int) -> str:
    """Write rabbitmq.conf."""
    return f"""\
listeners.tcp.1 = 127.0.0.1:{amqp}
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
mqtt.default_user = {USER.decode()}
mqtt.default_pass = {PASSWORD.decode()}
mqtt.allow_anonymous = false
mqtt.prefetch = 1000
mqtt.tcp_listen_options.nodelay = true
disk_free_limit.absolute = 100MB
log.console = true
log.console.level = error
"""


@contextmanager
def running_rabbitmq() -> Iterator[tuple[int, int]]:
    """Run it; gives its MQTT port and pid."""
    found = sorted(ROOT.glob("rabbitmq_server-*"))
    if not found:
        raise CannotInstall(f"there is no RabbitMQ in {ROOT}")
    with folder() as home:
        port, amqp, distribution = free_port(), free_port(), free_port()
        for name, content in (
            ("rabbitmq.conf", configuration(port, amqp)),
            ("enabled_plugins", "[rabbitmq_mqtt].\n"),
        ):
            (home / name).write_text(content)
            hand_over(home / name, drop_account())
        environment = {
            "RABBITMQ_NODENAME": "wardwire-bench-mq@localhost",
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_DIST_PORT": str(distribution),
            # The script then becomes the node itself, so that our signals reach it.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput",
        }
        with running([str(found[-1] / "sbin" / "rabbitmq-server")], home, port, environment) as pid:
            yield port, pid
