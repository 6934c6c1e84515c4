"""What an instance is from the inside, with the clients a user has."""

import base64
import time

import pytest


@pytest.fixture
def instance(network):
    return network.instance(network.private)["InstanceId"]


def test_nothing_private_of_the_host_is_there(region, network, instance):
    secret = region.home / "secret.txt"
    secret.write_text("the host's secret")
    assert region.run(instance, f"cat {secret}", check=False).returncode != 0
    assert region.run(instance, f"ls {region.data}", check=False).returncode != 0
    assert region.run(instance, "ls -A /home").stdout.split() == ["ec2-user"]
    assert region.run(instance, "ls -A /tmp").stdout == ""
    assert region.run(instance, "ls /root/.aws /root/.ssh/id_* 2>/dev/null", check=False).stdout == ""
    with open("/etc/shadow", encoding="utf-8") if region.mode == "root" else open("/etc/passwd", encoding="utf-8") as file:
        hashes = [line.split(":")[1] for line in file if len(line.split(":")[1]) > 3]
    seen = region.run(instance, "cat /etc/shadow").stdout
    assert not any(hash in seen for hash in hashes)
    assert "postern" not in region.run(instance, "ps ax -o args").stdout.replace("__sandbox", "")


def test_nothing_of_the_host_can_be_written(region, network, instance):
    region.run(instance, "echo mine > /usr/bin/postern-e2e-mark && echo mine > /etc/postern-e2e-mark")
    import os

    assert not os.path.exists("/usr/bin/postern-e2e-mark") and not os.path.exists("/etc/postern-e2e-mark")
    other = network.instance(network.private)["InstanceId"]
    assert region.run(other, "ls /etc/postern-e2e-mark", check=False).returncode != 0


def test_exec_gives_status_streams_and_a_fresh_environment(region, instance):
    assert region.run(instance, "exit 7", check=False).returncode == 7
    done = region.run(instance, "cat; echo talk >&2", stdin="data")
    assert (done.stdout, done.stderr) == ("data", "talk\n")
    environment = region.run(instance, "env").stdout
    assert "POSTERN" not in environment and "AWS_ACCESS_KEY_ID" not in environment and str(region.home) not in environment
    assert region.run(instance, "id -un; pwd", user="ec2-user").stdout.split() == ["ec2-user", "/home/ec2-user"]
    unknown = region.postern("exec", "i-00000000000000000", "--", "true", check=False)
    assert unknown.returncode != 0 and "does not exist" in unknown.stderr


def test_exec_with_a_terminal(region, instance):
    """A terminal of the caller's, its size, and the command's status."""
    import os
    import pty
    import subprocess

    from region import command_as

    master, slave = pty.openpty()
    argv = [str(region.binary), "exec", "--data-dir", str(region.data), "-it", instance, "--", "sh", "-c", "tty && stty size && exit 5"]
    process = subprocess.Popen(command_as(region.mode, argv), stdin=slave, stdout=slave, stderr=slave, cwd=region.home)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    os.close(slave)
    said = b""
    deadline = time.time() + 15
    while time.time() < deadline:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
    assert process.wait(timeout=10) == 5, said
    assert b"/dev/pts/" in said, said


def test_user_data_runs_once_and_the_console_is_kept(region, network):
    data = "#!/bin/bash\necho booted by $(id -un) >> /root/boots; echo hello from user data\n"
    instance = network.instance(network.private, UserData=data)["InstanceId"]
    for _ in range(50):
        if region.run(instance, "cat /root/boots", check=False).stdout:
            break
        time.sleep(0.1)
    assert region.run(instance, "cat /root/boots").stdout == "booted by root\n"
    for _ in range(50):
        console = network.ec2.get_console_output(InstanceId=instance).get("Output", "")
        if "hello from user data" in console:
            break
        time.sleep(0.1)
    assert "hello from user data" in console
    given = network.ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(given).decode() == data
    network.ec2.stop_instances(InstanceIds=[instance])
    network.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    assert region.run(instance, "true", check=False).returncode != 0
    network.ec2.start_instances(InstanceIds=[instance])
    region.wait_running(instance)
    time.sleep(0.5)
    assert region.run(instance, "cat /root/boots").stdout == "booted by root\n"


def test_the_authority_is_trusted_without_a_variable(region, network, instance):
    network.gateway_endpoint(network.private_table)
    url = "https://s3.us-east-1.amazonaws.com/"
    region.run(instance, f"env -i PATH=$PATH curl -sS -o /dev/null --max-time 5 {url}")
    network.credentials(instance)
    for aws in ("/usr/bin/aws", "aws"):
        if region.run(instance, f"command -v {aws}", check=False).returncode == 0:
            region.run(instance, f"env -i PATH=$PATH HOME=$HOME {aws} s3 ls --region us-east-1")
    boto = "import boto3; print(len(boto3.client('s3', region_name='us-east-1').list_buckets()['Buckets']))"
    from region import VENV

    region.run(instance, f"env -i PATH=$PATH HOME=$HOME {VENV}/bin/python -c \"{boto}\"")


def test_metadata_with_and_without_a_token(region, network, instance):
    base = "http://169.254.169.254/latest"
    assert region.run(instance, f"curl -sS --max-time 3 {base}/meta-data/instance-id").stdout == instance
    token = f"$(curl -sS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {base}/api/token)"
    with_token = f"curl -sS -H \"X-aws-ec2-metadata-token: {token}\" {base}/meta-data/placement/availability-zone"
    assert region.run(instance, with_token).stdout == "us-east-1b"
    network.ec2.modify_instance_metadata_options(InstanceId=instance, HttpTokens="required")
    status = f"curl -sS -o /dev/null -w %{{http_code}} {base}/meta-data/instance-id"
    assert region.run(instance, status).stdout == "401"
    assert region.run(instance, with_token).stdout == "us-east-1b"
    forwarded = f"curl -sS -o /dev/null -w %{{http_code}} -X PUT -H 'X-Forwarded-For: 1.2.3.4' -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {base}/api/token"
    assert region.run(instance, forwarded).stdout == "403"


def test_without_a_role_there_are_no_credentials(region, network, instance):
    network.gateway_endpoint(network.private_table)
    done = region.run(instance, "aws s3 ls", check=False)
    assert done.returncode != 0 and "Unable to locate credentials" in done.stderr


def test_a_role_gives_credentials_and_its_keys(region, network):
    iam = region.client("iam")
    name = f"role-{network.vpc}"
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    network.gateway_endpoint(network.private_table)
    instance = network.instance(network.private, IamInstanceProfile={"Name": name})["InstanceId"]
    region.run(instance, "aws s3 ls --region us-east-1")
    refused = region.run(instance, f"aws s3 mb s3://never-{network.vpc} --region us-east-1", check=False)
    arn = f"arn:aws:sts::123456789012:assumed-role/{name}/{instance}"
    assert arn in refused.stderr and "because no identity-based policy allows the s3:CreateBucket action" in refused.stderr
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=name)
    iam.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.delete_role(RoleName=name)


def test_what_runs_has_its_network(region, network):
    """Whoever reads "running" finds names and packets at once: the first question of each new instance is answered."""
    made = network.ec2.run_instances(
        ImageId=network.image(), InstanceType="t3.micro", MinCount=6, MaxCount=6,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": network.private}],
    )["Instances"]
    network.instances += [i["InstanceId"] for i in made]
    for one in made:
        region.wait_running(one["InstanceId"], ec2=network.ec2)
        assert one["PrivateIpAddress"] in region.run(one["InstanceId"], f"getent ahostsv4 {one['PrivateDnsName']}").stdout


def test_it_ends_by_itself(region, network, instance):
    region.run(instance, "poweroff || kill -TERM 1", check=False)
    network.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
