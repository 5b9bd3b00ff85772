"""A server that is made anew for each line read, and told of by its port and process: torch is imported once."""

import os
import socket
import sys
from pathlib import Path

import numpy as np
import uvicorn

from conftest import MEAN, STD, SmallNet
from seewhy import Model, predict
from seewhy.web import Limits
from seewhy.web.app import application


def main(folder: Path, token: str) -> None:
    network = Model(SmallNet().eval(), mean=MEAN, std=STD, size=(32, 32), classes=["cat", "dog", "car", "bus"])
    predict(
        network, np.zeros((30, 40, 3), np.uint8)
    )  # what a first forward finds out; no backward, which makes threads
    for _ in sys.stdin:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = listener.getsockname()[1]
        pid = os.fork()
        if pid == 0:
            hosts = frozenset({f"127.0.0.1:{port}"})
            app = application({"small": network}, folder, token=token, hosts=hosts, limits=Limits())
            uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none")).run(sockets=[listener])
            os._exit(0)
        listener.close()
        print(port, pid, flush=True)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
