"""S3's own long list of cases with boto3, from the host and from inside an instance through the endpoint."""

import http.client
import os
import subprocess
from pathlib import Path
from urllib.parse import urlparse

import pytest

from region import VENV

SCRIPT = Path(__file__).parent / "s3_boto3.py"


def test_from_the_host(root_region):
    environment = {"PATH": os.environ["PATH"], "HOME": str(root_region.home), **root_region.environment}
    done = subprocess.run(
        [str(VENV / "bin/python"), str(SCRIPT), root_region.endpoint], capture_output=True, text=True, timeout=240, env=environment
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.fixture
def connection(root_region):
    asked = http.client.HTTPConnection(urlparse(root_region.endpoint).netloc, timeout=20)
    yield asked
    asked.close()


def refused(connection, length, sent, **headers):
    """A PUT by nobody, which is refused before its body is read; what the reply says of the connection."""
    connection.putrequest("PUT", "/nobody-may/this")
    for name, value in {"Content-Length": str(length), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.sock.sendall(sent)
    reply = connection.getresponse()
    assert reply.status in (403, 404) and b"<Code>" in reply.read()
    return reply.getheader("Connection")


def test_a_connection_stays_after_a_refusal_whose_body_was_short(connection):
    assert refused(connection, 100_000, b"x" * 100_000) is None
    first = connection.sock
    assert refused(connection, 3, b"abc") is None
    assert connection.sock is first, "the same connection served both"


def test_a_reply_says_when_its_connection_ends_with_the_body_unread(connection):
    # Neither was told to send its body, nor need the whole of a large one be awaited.
    assert refused(connection, 3, b"", Expect="100-continue") == "close"
    assert refused(connection, 50_000_000, b"x" * 1000) == "close"


def test_large_objects_through_the_endpoint(region, network):
    """8 MiB in and out through the endpoint, by the CLI's multipart transfer, with the same bytes at the end."""
    network.gateway_endpoint(network.private_table)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    bucket = f"large-{network.vpc}"
    region.run(instance, f"aws s3 mb s3://{bucket}")
    region.run(instance, f"head -c 20000000 /dev/urandom > /tmp/in && aws s3 cp --quiet /tmp/in s3://{bucket}/in && aws s3 cp --quiet s3://{bucket}/in /tmp/out && cmp /tmp/in /tmp/out", timeout=120)
    head = region.client("s3").head_object(Bucket=bucket, Key="in")
    assert head["ContentLength"] == 20000000 and head["ETag"].endswith('-3"')
    region.run(instance, f"aws s3 rb --force s3://{bucket}")
