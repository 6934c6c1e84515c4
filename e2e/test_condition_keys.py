"""Every condition key by every way, as docs/conformance.md has it: asked by bucket policies, answered by the real path.

For each key one object can be read only if the key is there, and one only if it holds the table's value. A client of each
way reads all of them; what it may read tells what the gate has seen.
"""

import json
import re
import uuid

import pytest

from region import ROOT

WAYS = ["host", "internet", "nat", "gateway", "interface"]
ADDRESSES = {"aws:SourceIp", "aws:VpcSourceIp", "aws:Ec2InstanceSourcePrivateIPv4"}

# Reads every object named on stdin, prints those that it may read.
READER = """
import json, sys
try:
    import botocore.session as sdk
    from botocore.config import Config
except ImportError:  # the CLI of Debian brings its own
    import awscli.botocore.session as sdk
    from awscli.botocore.config import Config
asked = json.load(sys.stdin)
more = {'endpoint_url': asked['url']} if asked['url'] else {}
config = Config(connect_timeout=8, read_timeout=8)
s3 = sdk.get_session().create_client('s3', region_name='us-east-1', config=config, **more)
readable = []
for key in asked['keys']:
    try:
        s3.get_object(Bucket=asked['bucket'], Key=key)
        readable.append(key)
    except s3.exceptions.ClientError as error:
        if error.response['Error']['Code'] != 'AccessDenied':
            raise
print(json.dumps(readable))
"""


def table():
    """Key to way to cell."""
    rows = {}
    for line in (ROOT / "docs" / "conformance.md").read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"(aws|ec2|s3):\w+", cells[0]):
            rows[cells[0]] = dict(zip(WAYS, cells[1:]))
    assert len(rows) > 30
    return rows


def slug(key):
    return key.replace(":", "-")


def deny(bucket, objects, condition):
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/{objects}", "Condition": condition}


def policy(bucket, rows, way, names):
    """present/KEY can be read if the key is there, value/KEY if it holds what the table says."""
    statements = []
    for key, ways in rows.items():
        statements.append(deny(bucket, f"present/{slug(key)}", {"Null": {key: "true"}}))
        value = expected_value(ways[way], names)
        if value is not None:
            negated = "NotIpAddress" if key in ADDRESSES else "StringNotEquals"
            prefix = "ForAnyValue:" if key == "aws:CalledVia" else ""
            statements.append(deny(bucket, f"value/{slug(key)}", {prefix + negated: {key: value}}))
    return {"Version": "2012-10-17", "Statement": statements}


def expected_value(cell, names):
    return None if cell in ("–", "present") else cell.format(**names)


@pytest.fixture
def profile(root_region):
    """An instance profile whose role may read every bucket."""
    iam = root_region.client("iam")
    name = f"reader-{uuid.uuid4().hex[:8]}"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    yield name


@pytest.fixture
def places(root_region, profile):
    """Way to the names that stand in its column; a VPC with an instance for each way but the host's."""
    from network import Network

    # The gateway endpoint lives in a VPC of its own: it would take the way of the others' traffic.
    first, second, third = Network(root_region), Network(root_region), Network(root_region)
    ec2 = first.ec2
    role = {"IamInstanceProfile": {"Name": profile}, "MetadataOptions": {"HttpTokens": "required"}}
    address = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=first.public, AllocationId=address["AllocationId"])["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    ec2.create_route(RouteTableId=first.private_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    vpce = second.gateway_endpoint(second.private_table)
    open_one = first.instance(first.public, public=True, **role)
    hidden = first.instance(first.private, **role)
    inside = second.instance(second.private, **role)
    beside = third.instance(third.private, **role)
    listening = third.group("listening", ("tcp", 443, "10.0.0.0/8"))
    interface = third.interface_endpoint("s3", third.private, groups=[listening])
    own_name = interface["DnsEntries"][0]["DnsName"].replace("*", "bucket")
    sts = root_region.client("sts").get_caller_identity()
    common = {"account": sts["Account"], "region": "us-east-1", "role": profile, "tls": "1.3"}
    of = lambda instance, **more: common | {
        "instance": instance["InstanceId"], "private": instance["PrivateIpAddress"], "vpc": instance["VpcId"], **more,
    }
    yield {
        "host": common | {"user": sts["Arn"].rsplit("/", 1)[1], "peer": "127.0.0.1"},
        "internet": of(open_one, public=open_one["PublicIpAddress"]),
        "nat": of(hidden, public=address["PublicIp"]),
        "gateway": of(inside, vpce=vpce),
        "interface": of(beside, vpce=interface["VpcEndpointId"], url=f"https://{own_name}"),
    }
    for network in (first, second, third):
        network.remove()
    ec2.release_address(AllocationId=address["AllocationId"])


def readable(region, way, names, bucket, keys):
    """What a client of this way may read."""
    asked = {"bucket": bucket, "keys": keys, "url": names.get("url")}
    if way != "host":
        region.run(names["instance"], "cat > /root/reader.py", stdin=READER)
        done = region.run(names["instance"], "/usr/bin/python3 /root/reader.py", stdin=json.dumps(asked), timeout=50)
        return set(json.loads(done.stdout))
    s3, found = region.client("s3"), set()
    for key in keys:
        try:
            s3.get_object(Bucket=bucket, Key=key)
            found.add(key)
        except s3.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied", error
    return found


def test_every_key_by_every_way(root_region, places):
    rows = table()
    s3 = root_region.client("s3")
    bucket = f"keys-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    objects = [f"{part}/{slug(key)}" for key in rows for part in ("present", "value")]
    for name in objects:
        s3.put_object(Bucket=bucket, Key=name, Body=b"")
    wrong = []
    for way in WAYS:
        names = places[way]
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(bucket, rows, way, names)))
        asked = [f"present/{slug(key)}" for key in rows]
        asked += [f"value/{slug(key)}" for key in rows if expected_value(rows[key][way], names) is not None]
        found = readable(root_region, way, names, bucket, asked)
        for key, ways in rows.items():
            there = f"present/{slug(key)}" in found
            value = expected_value(ways[way], names)
            if there != (ways[way] != "–"):
                wrong.append(f"{way}: {key} is {'present' if there else 'absent'}, the table says {ways[way]}")
            elif value is not None and f"value/{slug(key)}" not in found:
                wrong.append(f"{way}: {key} is not {value}")
    assert not wrong, "\n".join(wrong)
    # The negative control: a value that no request has is read by nobody.
    nonsense = {"Version": "2012-10-17", "Statement": [deny(bucket, "*", {"StringNotEquals": {"aws:PrincipalAccount": "nobody"}})]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(nonsense))
    for way in WAYS:
        assert readable(root_region, way, places[way], bucket, objects[:1]) == set(), way
