"""kill -9 and up again: the world, the objects and the running data plane are as before, and nothing leaks."""

import itertools
import os
import random
import subprocess
import threading
import time

import pytest

from network import Network


def own_namespaces():
    """Network namespaces that processes on this machine are in."""
    seen = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            seen.add(os.readlink(f"/proc/{pid}/ns/net"))
        except OSError:
            pass
    return seen


def outlived(before):
    """Network namespaces that are still there: the kernel kills the instances with their daemon, which takes a moment."""
    for _ in range(100):
        more = own_namespaces() - before
        if not more:
            break
        time.sleep(0.05)
    return more


def links():
    return subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("mode", ["root", "rootless"])
def test_after_kill_everything_is_as_before(fresh, mode):
    before, links_before = own_namespaces(), links()
    region = fresh(mode)
    network = Network(region)
    s3 = region.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a", Body=b"x" * 100_000)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    network.gateway_endpoint(network.private_table)
    region.run(instance, "echo kept > /root/mark; aws s3 cp s3://kept/a /tmp/a")
    described = [network.ec2.describe_vpcs()["Vpcs"], network.ec2.describe_route_tables()["RouteTables"], network.ec2.describe_security_groups()["SecurityGroups"]]
    key = region.environment["AWS_ACCESS_KEY_ID"]

    region.kill()
    assert outlived(before) == set(), "a namespace outlived the daemon"
    assert links() == links_before
    region.up()

    assert region.environment["AWS_ACCESS_KEY_ID"] == key
    network.ec2 = ec2 = region.client("ec2")
    assert described == [ec2.describe_vpcs()["Vpcs"], ec2.describe_route_tables()["RouteTables"], ec2.describe_security_groups()["SecurityGroups"]]
    region.wait_running(instance)
    assert region.run(instance, "cat /root/mark").stdout == "kept\n"
    region.run(instance, "aws s3 cp s3://kept/a - | wc -c | grep 100000")
    region.client("s3").delete_object(Bucket="kept", Key="a")
    region.client("s3").delete_bucket(Bucket="kept")
    network.remove()
    region.down()
    assert own_namespaces() - before == set(), "postern down left a namespace"
    assert links() == links_before


def test_acknowledged_writes_survive_kills(fresh):
    """Writes in a row, killed at an arbitrary moment, three times."""
    region = fresh("root")
    region.client("s3").create_bucket(Bucket="many")
    acknowledged, vpcs = [], []
    for turn in range(3):
        s3, ec2 = region.client("s3"), region.client("ec2")
        for number in range(25 + 10 * turn):
            key = f"{turn}-{number}"
            s3.put_object(Bucket="many", Key=key, Body=key.encode() * 1000)
            acknowledged.append(key)
            if number % 10 == 0:
                vpcs.append(ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"])
        region.kill()
        region.up()
        found = region.client("s3").list_objects_v2(Bucket="many")
        assert sorted(o["Key"] for o in found["Contents"]) == sorted(acknowledged)
        for key in acknowledged[-3:]:
            assert region.client("s3").get_object(Bucket="many", Key=key)["Body"].read() == key.encode() * 1000
        known = {v["VpcId"] for v in region.client("ec2").describe_vpcs()["Vpcs"]}
        assert set(vpcs) <= known


def test_killed_in_the_middle_of_writes(fresh):
    """Writers that never pause, killed at a random moment: what was acknowledged is there, and nothing is half-made."""
    region = fresh("root")
    region.client("s3").create_bucket(Bucket="stormy")
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    kept_objects, kept_groups = {}, set()
    for turn in range(4):
        stop = threading.Event()

        def objects(worker, turn=turn, stop=stop):
            s3 = region.client("s3")
            for number in itertools.count():
                key, size = f"{turn}/{worker}/{number}", (1, 3000, 200_000)[number % 3]
                try:
                    s3.put_object(Bucket="stormy", Key=key, Body=bytes([number % 251]) * size)
                except Exception:
                    return
                kept_objects[key] = (number % 251, size)
                if stop.is_set():
                    return

        def groups(turn=turn, stop=stop):
            ec2 = region.client("ec2")
            for number in itertools.count():
                try:
                    kept_groups.add(ec2.create_security_group(GroupName=f"{turn}-{number}", Description="d")["GroupId"])
                except Exception:
                    return
                if stop.is_set():
                    return

        writers = [threading.Thread(target=objects, args=(w,)) for w in range(3)] + [threading.Thread(target=groups)]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.2, 1.0))
        region.kill()
        stop.set()
        for writer in writers:
            writer.join(30)
        region.up()
        s3 = region.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="stormy")
        found = {o["Key"]: o["Size"] for page in pages for o in page.get("Contents", [])}
        for key, (_, size) in kept_objects.items():
            assert found.get(key) == size, (seed, key)
        for key in list(found)[-20:]:
            body = s3.get_object(Bucket="stormy", Key=key)["Body"].read()
            assert len(set(body)) == 1 and len(body) == found[key], (seed, key)
        known = {g["GroupId"] for g in region.client("ec2").describe_security_groups()["SecurityGroups"]}
        assert kept_groups <= known, seed
    assert kept_objects and kept_groups


def test_two_regions_side_by_side(fresh):
    one, two = fresh("root"), fresh("root")
    a, b = Network(one), Network(two)
    first, second = a.instance(a.private)["InstanceId"], b.instance(b.private)["InstanceId"]
    a.credentials(first)
    b.credentials(second)
    a.gateway_endpoint(a.private_table)
    one.run(first, "aws s3 mb s3://only-in-one")
    refused = two.run(second, "AWS_MAX_ATTEMPTS=1 aws s3 ls --cli-connect-timeout 2", check=False)
    assert "onnect timeout" in refused.stderr
    assert [x["Name"] for x in two.client("s3").list_buckets()["Buckets"]] == []
    two.down()
    assert "only-in-one" in one.run(first, "aws s3 ls").stdout


def test_a_second_daemon_on_the_same_directory_is_refused(fresh):
    region = fresh("root")
    second = subprocess.run([str(region.binary), "up", "--data-dir", str(region.data), "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=20)
    assert second.returncode != 0 and "already" in second.stderr and "hint:" in second.stderr


def test_words_without_a_region(fresh, tmp_path):
    from region import BINARY

    def run(*words):
        return subprocess.run([str(BINARY), *words, "--data-dir", str(tmp_path)], capture_output=True, text=True, timeout=20)

    for words in (["env"], ["exec", "i-00000000000000000", "true"], ["lab", "run", "gateway-endpoint"]):
        done = run(*words)
        assert done.returncode != 0 and done.stdout == "" and ("nothing runs" in done.stderr or "error" in done.stderr), words
    assert run("status").returncode != 0
    assert run("down").returncode == 0
    assert run("lab", "run", "no-such-lab").returncode != 0


def test_detached(tmp_path):
    from region import BINARY

    data = str(tmp_path / "data")
    up = subprocess.run([str(BINARY), "up", "--detach", "--data-dir", data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    try:
        assert up.returncode == 0 and up.stdout.startswith("postern is ready at http://127.0.0.1:"), up
        status = subprocess.run([str(BINARY), "status", "--json", "--data-dir", data], capture_output=True, text=True, timeout=10)
        assert status.returncode == 0 and '"running":true' in status.stdout
        exports = subprocess.run([str(BINARY), "env", "--data-dir", data], capture_output=True, text=True, timeout=10).stdout
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"):
            assert f"export {name}=" in exports
        mode = os.stat(os.path.join(data, "administrator.json")).st_mode & 0o777
        assert mode == 0o600
    finally:
        down = subprocess.run([str(BINARY), "down", "--data-dir", data], capture_output=True, text=True, timeout=40)
    assert down.returncode == 0, down.stderr
