"""A region on a fresh data directory, as a user would start it: as root, or as an ordinary user."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

import model_check

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = Path(os.environ.get("POSTERN", TARGET / "debug" / "postern"))
# Instances get this very directory: a link into another checkout would lead nowhere inside them.
VENV = (ROOT / ".venv").resolve()
# One loader for all clients: reading EC2's model costs more than most tests' calls.
SESSION = boto3.session.Session()
ORDINARY_USER = "postern-test"


def ordinary_user():
    """The name of a user without privileges: made here when the tests run as root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    # Several workers may come here at once: whoever is first makes the user, the others find it.
    for _ in range(50):
        try:
            pwd.getpwnam(ORDINARY_USER)
            break
        except KeyError:
            made = subprocess.run(
                ["useradd", "--create-home", "--shell", "/bin/bash", ORDINARY_USER], capture_output=True, text=True
            )
            time.sleep(0.2)
    else:
        raise AssertionError(f"the tests need an ordinary user: useradd says {made.stderr}")
    return ORDINARY_USER


def command_as(mode, argv):
    """The command line that runs argv as root or as an ordinary user."""
    if mode == "root":
        return argv if os.getuid() == 0 else ["sudo", "-n", "--preserve-env=PATH", *argv]
    if os.getuid() != 0:
        return argv
    return ["setpriv", f"--reuid={ordinary_user()}", f"--regid={ordinary_user()}", "--init-groups", *argv]


class Region:
    """One daemon and the ways to talk to it."""

    def __init__(self, mode, config=None, extra=()):
        self.mode = mode
        self.extra = list(extra)
        self.home = Path(tempfile.mkdtemp(prefix="postern-e2e-"))
        self.home.chmod(0o755)
        self.binary = self.home / "postern"
        shutil.copy(BINARY, self.binary)
        if mode == "rootless" and os.getuid() == 0:
            user = pwd.getpwnam(ordinary_user())
            os.chown(self.home, user.pw_uid, user.pw_gid)
        self.data = self.home / "data"
        if config is not None:
            path = self.home / "postern.toml"
            path.write_text(config)
            path.chmod(0o644)
            self.extra += ["--config", str(path)]
        self.process = None
        self.port = 0
        self.up()

    def up(self):
        """Starts the daemon and waits for its ready line."""
        log = open(self.home / "daemon.log", "ab")
        argv = [str(self.binary), "up", "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        argv += ["--share", str(VENV), *self.extra]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "RUST_BACKTRACE": "1"}
        self.process = subprocess.Popen(
            command_as(self.mode, argv), stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=self.home
        )
        line = self.process.stdout.readline()
        assert "ready" in line, f"no ready line but {line!r}; log:\n{self.log()}"
        self.environment = json.loads(self.postern("env", "--json").stdout)
        self.endpoint = self.environment["AWS_ENDPOINT_URL"]
        self.port = int(self.endpoint.rsplit(":", 1)[1])

    def log(self):
        return (self.home / "daemon.log").read_text(errors="replace")[-6000:]

    def postern(self, *words, check=True, timeout=60, **more):
        """Runs one of postern's own words on this data directory."""
        argv = [str(self.binary), words[0], "--data-dir", str(self.data), *words[1:]]
        done = subprocess.run(
            command_as(self.mode, argv), capture_output=True, text=True, timeout=timeout, cwd=self.home,
            env={"PATH": f"{VENV}/bin:{os.environ['PATH']}", "HOME": str(self.home)}, **more,
        )
        if check:
            assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}\nlog:\n{self.log()}"
        return done

    def down(self):
        """postern down; afterwards nothing may be left."""
        if self.process and self.process.poll() is None:
            self.postern("down")
            assert self.process.wait(timeout=30) == 0, self.log()

    def kill(self):
        """kill -9, by the pid that the daemon itself tells."""
        pid = json.loads(self.postern("status", "--json").stdout)["pid"]
        os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def close(self):
        try:
            self.down()
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    # --- clients ---

    def client(self, service, **more):
        """A boto3 client whose every answer is checked against the public API model."""
        more.setdefault("region_name", "us-east-1")
        more.setdefault("aws_access_key_id", self.environment["AWS_ACCESS_KEY_ID"])
        more.setdefault("aws_secret_access_key", self.environment["AWS_SECRET_ACCESS_KEY"])
        more.setdefault("endpoint_url", self.endpoint)
        more.setdefault("config", Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30))
        client = SESSION.client(service, **more)
        model_check.watch(client)
        return client

    def aws(self, *words, cli=str(VENV / "bin/aws"), check=True, timeout=60, **environment):
        """The AWS CLI on the host. Debian's 2.9 does not read AWS_ENDPOINT_URL yet."""
        if cli == "/usr/bin/aws":
            words = ("--endpoint-url", self.endpoint, *words)
        merged = {"PATH": os.environ["PATH"], "HOME": str(self.home), **self.environment, **environment}
        done = subprocess.run([cli, *words], capture_output=True, text=True, timeout=timeout, env=merged)
        if check:
            assert done.returncode == 0, f"aws {words}: {done.stdout}{done.stderr}\nlog:\n{self.log()}"
        return done

    def run(self, instance, command, check=True, timeout=60, user="root", stdin=None):
        """A shell command in an instance."""
        done = self.postern(
            "exec", "--user", user, instance, "--", "/bin/bash", "-lc", command, check=False, timeout=timeout, input=stdin
        )
        if check:
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}\nlog:\n{self.log()}"
        return done

    def wait_running(self, *instances, ec2=None):
        ec2 = ec2 or self.client("ec2")
        for _ in range(200):
            found = [i for r in ec2.describe_instances(InstanceIds=list(instances))["Reservations"] for i in r["Instances"]]
            if all(i["State"]["Name"] == "running" for i in found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"not running: {[i['State'] for i in found]}\n{self.log()}")
