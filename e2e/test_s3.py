"""S3's own long list of cases with boto3, from the host and from inside an instance through the endpoint."""

import os
import subprocess
from pathlib import Path

from region import VENV

SCRIPT = Path(__file__).parent / "s3_boto3.py"


def test_from_the_host(root_region):
    environment = {"PATH": os.environ["PATH"], "HOME": str(root_region.home), **root_region.environment}
    done = subprocess.run(
        [str(VENV / "bin/python"), str(SCRIPT), root_region.endpoint], capture_output=True, text=True, timeout=240, env=environment
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


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
