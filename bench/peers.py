"""Other servers of the same APIs, each a process of its own on loopback. moto is there by `scripts/setup`; the others are
installed by `npm` where missing.

They keep all in memory, verify no signature, and are told apart by nothing but their port.
"""

import os
import socket
import subprocess
import time

from region import ROOT, Failed

MOTO = ROOT / ".venv" / "moto"
NODE = ROOT / ".venv" / "peers"
# Its own command listens on every address of the machine.
FAUXQS = (
    "import('fauxqs').then(({ buildApp }) => buildApp({ logger: false }).listen({ port: Number(process.argv[1]), "
    "host: '127.0.0.1' }))"
)


class Peer:
    """A server that runs until `close`; `url` is where."""

    def __init__(self, name, argv, cwd=None):
        self.name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        words = [word.format(port=self.port) if "{port}" in word else word for word in map(str, argv)]
        self.process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=cwd
        )
        for _ in range(600):
            if self.process.poll() is not None:
                raise Failed(f"{name} ended at once")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.close()
        raise Failed(f"{name} does not answer")

    def cpu_seconds(self):
        """User and system CPU that it has used."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.kill()
        self.process.wait(timeout=20)


def moto():
    """moto's server (PyPI, Python): SQS, DynamoDB, Secrets Manager."""
    python = MOTO / "bin" / "python"
    if not python.exists():
        raise Failed("moto's server is missing: scripts/setup installs it")
    return Peer("moto", [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"])


def dynalite(path=None):
    """dynalite (npm, Node.js): DynamoDB on LevelDB, in memory or in the directory `path`."""
    argv = ["/usr/bin/node", package("dynalite") / "cli.js", "--host", "127.0.0.1", "--port", "{port}", "--createTableMs", "0"]
    return Peer("dynalite", [*argv, *(["--path", path] if path else [])])


def fauxqs():
    """fauxqs (npm, Node.js): SQS."""
    package("fauxqs")
    return Peer("fauxqs", ["/usr/bin/node", "-e", FAUXQS, "{port}"], cwd=NODE)


def package(name):
    """The directory of a package of npm's."""
    where = NODE / "node_modules" / name
    if not where.exists():
        NODE.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--prefix", str(NODE), "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([*npm, "--no-package-lock", "dynalite", "fauxqs"], check=True, timeout=600, stdout=subprocess.DEVNULL)
    return where
