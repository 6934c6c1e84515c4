"""The wrong turns of the lab `perimeter`: each way around five policies is refused by the one that is meant to, `explain` names its
statement before the call is made, and what it suggests, run as printed by the account that it is of, lets the call through."""

import json
import os
import subprocess
import uuid

import pytest
from botocore.exceptions import ClientError

from network import Network
from region import VENV
from test_organization import Organization

S3 = "s3.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def organization():
    made = Organization("root")
    yield made
    made.region.close()


@pytest.fixture
def bucket(organization):
    """The member's bucket, which welcomes everybody by mistake."""
    s3, name = organization.member.client("s3"), f"own-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(everybody(name)))
    yield name
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)


def everybody(bucket):
    statement = {"Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def shell(seen, command):
    environment = {"PATH": f"{VENV}/bin:{os.environ['PATH']}", "HOME": str(seen.home), **seen.environment}
    done = subprocess.run(["bash", "-ec", command], capture_output=True, timeout=60, env=environment, text=True)
    assert done.returncode == 0, (command, done.stderr)


def explained(organization, who, bucket, start="host"):
    arn = who.client("sts").get_caller_identity()["Arn"]
    words = ["--from", start, "--to", S3, "--as", arn, "--action", "s3:GetObject", "--resource", f"arn:aws:s3:::{bucket}/k"]
    return json.loads(organization.region.postern("explain", *words, "--json").stdout)


def gets(who, bucket):
    try:
        who.client("s3").get_object(Bucket=bucket, Key="k")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return False
    return True


def repaired(organization, who, bucket, owner, stop, kind, sid):
    """Refused as explained; allowed after the first suggestion, run by `owner`."""
    answer = explained(organization, who, bucket)
    assert not gets(who, bucket) and not answer["allowed"]
    first = answer["call"]["policies"]["stops"][0]
    assert (answer["stopped_by"]["stop"], first["kind"]) == (stop, kind), answer["stopped_by"]
    assert [by["sid"] for by in first["by"]] == [sid], first
    for command in answer["change"][0]:
        shell(owner, command)
    after = explained(organization, who, bucket)
    assert after["allowed"] and gets(who, bucket), (answer["change"], after["stopped_by"])
    return answer


def test_own_credentials_from_outside(organization, bucket):
    assert gets(organization.member, bucket)
    statement = {
        "Sid": "OnlyFromOurNetwork", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-0123456789abcdef0"}, "BoolIfExists": {"aws:ViaAWSService": "false"}},
    }
    with organization.attached("SERVICE_CONTROL_POLICY", statement, organization.member_id):
        answer = repaired(
            organization, organization.member, bucket, organization.management,
            "identity_policy", "service-control", "OnlyFromOurNetwork",
        )
        assert answer["change"][0][0].startswith("aws organizations update-policy --policy-id p-")


def test_foreign_credentials_at_our_careless_bucket(organization, bucket):
    assert gets(organization.stranger, bucket)
    statement = {
        "Sid": "OnlyOurIdentities", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization.id}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    }
    with organization.attached("RESOURCE_CONTROL_POLICY", statement, organization.member_id):
        repaired(
            organization, organization.stranger, bucket, organization.management,
            "resource_policy", "resource-control", "OnlyOurIdentities",
        )


def test_a_bucket_that_keeps_its_public_policy_to_itself(organization, bucket):
    assert explained(organization, organization.stranger, bucket)["allowed"]
    block = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": True}
    organization.member.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    answer = explained(organization, organization.stranger, bucket)
    assert not answer["allowed"] and "RestrictPublicBuckets" in answer["stopped_by"]["why"] and not gets(organization.stranger, bucket)
    assert explained(organization, organization.member, bucket)["allowed"] and gets(organization.member, bucket)


def test_our_bucket_for_our_endpoint_only(organization, bucket):
    policy = everybody(bucket)
    policy["Statement"].append({
        "Sid": "OnlyByOurEndpoint", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
    })
    organization.member.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    repaired(
        organization, organization.member, bucket, organization.member, "resource_policy", "resource", "OnlyByOurEndpoint"
    )


def test_foreign_credentials_and_foreign_buckets_inside(organization, bucket):
    """The endpoint lets only ours reach ours: a stranger's keys inside are stopped there, and so is the way to his bucket."""
    member, stranger = organization.member, organization.stranger
    network = Network(member)
    s3, his = stranger.client("s3"), f"alien-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=his)
    s3.put_object(Bucket=his, Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket=his)
    s3.put_bucket_policy(Bucket=his, Policy=json.dumps(everybody(his)))
    try:
        ours = {
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "OursToOurs", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization.id, "aws:ResourceOrgID": organization.id}},
            }],
        }
        endpoint = network.gateway_endpoint(network.private_table, PolicyDocument=json.dumps(ours))
        instance = network.instance(network.private)["InstanceId"]

        def inside(who, bucket):
            e = who.environment
            keys = f"AWS_ACCESS_KEY_ID={e['AWS_ACCESS_KEY_ID']} AWS_SECRET_ACCESS_KEY={e['AWS_SECRET_ACCESS_KEY']}"
            command = f"{keys} aws s3api get-object --bucket {bucket} --key k /dev/null --region us-east-1"
            return organization.region.run(instance, command, check=False, timeout=60).returncode == 0

        assert explained(organization, member, bucket, instance)["allowed"] and inside(member, bucket)
        for who, where in [(stranger, his), (member, his)]:
            answer = explained(organization, who, where, instance)
            assert not inside(who, where)
            assert answer["stopped_by"]["stop"] == "endpoint_policy" and endpoint in json.dumps(answer["call"]["policies"]["gates"])
            for command in answer["change"][0]:
                shell(member, command)
            assert explained(organization, who, where, instance)["allowed"] and inside(who, where), answer["change"]
    finally:
        network.remove()
        s3.delete_object(Bucket=his, Key="k")
        s3.delete_bucket(Bucket=his)
