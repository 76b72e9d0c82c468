"""A real ClickHouse server of a test run: Debian's, which is the oldest that Meguri works with (18.16)."""

import shutil
import socket
import time

from clickhouse_driver import Client
from meguri.engines.ports import HOST, free_ports

BINARY = shutil.which("clickhouse-server", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
READY_SECONDS = 30
_CONFIG = """<yandex>
    <logger><level>warning</level><console>1</console></logger>
    <listen_host>{host}</listen_host>
    <tcp_port>{tcp_port}</tcp_port>
    <http_port>{http_port}</http_port>
    <interserver_http_port>{interserver_port}</interserver_http_port>
    <path>{path}/data/</path>
    <tmp_path>{path}/tmp/</tmp_path>
    <user_files_path>{path}/user_files/</user_files_path>
    <format_schema_path>{path}/format_schemas/</format_schema_path>
    <users_config>{path}/users.xml</users_config>
    <default_profile>default</default_profile>
    <default_database>default</default_database>
    <mark_cache_size>67108864</mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <timezone>UTC</timezone>
    <merge_tree><old_parts_lifetime>1</old_parts_lifetime></merge_tree>
</yandex>
"""
_USERS = """<yandex>
    <profiles><default><log_queries>0</log_queries></default></profiles>
    <users>
        <default>
            <password></password>
            <networks><ip>{host}</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </default>
    </users>
    <quotas><default/></quotas>
</yandex>
"""


class ClickHouseServer:
    """One server on a folder of its own, made and asked as `Kafka` is; what it stores survives a kill."""

    def __init__(self, folder, children, ports=free_ports):
        self._folder = folder
        self._children = children
        self._ports = ports
        self._port = 0
        self.child = None

    @property
    def data(self):
        """The folder of its tables; what was dropped or merged leaves it after a second, not 8 minutes."""
        return self._folder / "data"

    @property
    def url(self):
        """`clickhouse://host:port`, to which a database's name is added."""
        return f"clickhouse://{HOST}:{self._port}"

    def start(self):
        """Start it; it answers a moment later (`wait_ready`)."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port, http_port, interserver_port = self._ports(3)
        for name, text in (("config.xml", _CONFIG), ("users.xml", _USERS)):
            filled = text.format(
                host=HOST,
                tcp_port=self._port,
                http_port=http_port,
                interserver_port=interserver_port,
                path=self._folder,
            )
            (self._folder / name).write_text(filled, "utf-8")
        command = [BINARY, f"--config-file={self._folder / 'config.xml'}"]
        self.child = self._children.start("clickhouse", command)

    def wait_ready(self):
        """Return when it answers."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.child.ended or time.monotonic() > deadline:
                raise RuntimeError(f"clickhouse-server does not answer: {self.child.log_tail()}")
            time.sleep(0.05)

    def stop(self):
        self._children.stop(self.child)

    def execute(self, statement):
        """Run a statement outside of any store: to make and to drop databases."""
        client = Client.from_url(self.url)
        try:
            client.execute(statement)
        finally:
            client.disconnect()

    def _answers(self):
        try:
            socket.create_connection((HOST, self._port), 1).close()
        except OSError:
            return False
        return True
