"""Why a request was refused or let in: the header, postern explain, and EC2's encoded messages."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

BY_ENDPOINT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ByEndpoint",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::%s/*",
            "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
        }
    ],
}


@pytest.fixture
def user(root_region):
    """A user of its own, with a way to give it policies."""
    iam = root_region.client("iam")
    name = f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]

    class User:
        arn = f"arn:aws:iam::123456789012:user/{name}"

        def client(self, service):
            keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
            return root_region.client(service, **keys)

        def may(self, statements, policy="test"):
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=document)

    yield User()
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response


def header(response):
    return response["ResponseMetadata"]["HTTPHeaders"].get("x-postern-decision")


def explain(region, *words):
    return json.loads(region.postern("explain", *words, "--json").stdout)


@pytest.fixture
def bucket(root_region):
    s3 = root_region.client("s3")
    name = f"decisions-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    yield name
    s3.delete_bucket_policy(Bucket=name)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)


def test_every_answer_names_the_deciding_policy(root_region, user, bucket):
    ec2, admin = user.client("ec2"), root_region.client("ec2")
    allowed = header(admin.describe_vpcs())
    assert allowed == "allow by identity arn:aws:iam::aws:policy/AdministratorAccess#0; ec2:DescribeVpcs on *"
    assert header(refused(ec2.describe_vpcs)) == "implicit-deny for want of identity; ec2:DescribeVpcs on *"
    user.may([{"Sid": "No", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}])
    response = refused(user.client("s3").get_object, Bucket=bucket, Key="k")
    assert header(response) == f"explicit-deny by identity test#No; s3:GetObject on arn:aws:s3:::{bucket}/k"
    assert "with an explicit deny in an identity-based policy" in response["Error"]["Message"]


def test_explain_tells_who_how_what_and_why(root_region, user, bucket):
    policy = json.dumps(BY_ENDPOINT).replace("%s", bucket)
    root_region.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    response = refused(user.client("s3").get_object, Bucket=bucket, Key="k")
    request = response["ResponseMetadata"]["RequestId"]
    told = explain(root_region, "--request", request)
    assert (told["caller"], told["operation"], told["status"]) == (user.arn, "GetObject", 403)
    assert told["via"] == {"way": "host", "address": "127.0.0.1"}
    [asked] = told["asked"]
    assert (asked["action"], asked["resource"]) == ("s3:GetObject", f"arn:aws:s3:::{bucket}/k")
    assert asked["decision"] == "implicit-deny"
    [miss] = asked["near_misses"]
    assert miss["statement"]["sid"] == "ByEndpoint" and miss["statement"]["kind"] == "resource"
    assert miss["failed"]["key"] == "aws:SourceVpce" and miss["failed"]["found"] is None
    assert miss["failed"]["wanted"] == ["vpce-0123456789abcdef0"]
    assert asked["keys"]["aws:SourceIp"] == ["127.0.0.1"] and "aws:SourceVpce" not in asked["keys"]
    assert "did not come through a VPC endpoint" in told["advice"][0]
    text = root_region.postern("explain", "--request", request).stdout
    assert "from this machine's shell" in text and "`ByEndpoint`" in text and "change" in text
    latest = explain(root_region, "--last", "5")["refused"]
    assert request in [one["request_id"] for one in latest]
    assert request in root_region.postern("explain", "--last").stdout


def test_what_explain_cannot_tell_it_says(root_region):
    unknown = root_region.postern("explain", "--request", "nonsense", check=False)
    assert unknown.returncode != 0 and "nonsense" in unknown.stderr and "--last" in unknown.stderr
    nothing = root_region.postern("explain", check=False)
    assert nothing.returncode != 0 and nothing.stdout == "" and "--from and --to" in nothing.stderr


def test_encoded_messages_are_decoded(root_region, user):
    ec2 = user.client("ec2")
    user.may([{"Sid": "NoVpc", "Effect": "Deny", "Action": "ec2:CreateVpc", "Resource": "*"}])
    message = refused(ec2.create_vpc, CidrBlock="10.9.0.0/16")["Error"]["Message"]
    encoded = message.rsplit("Encoded authorization failure message: ", 1)[1]
    sts = root_region.client("sts")
    told = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    [matched] = told["matchedStatements"]["items"]
    assert (matched["statementId"], matched["effect"]) == ("NoVpc", "DENY")
    assert matched["actions"] == {"items": [{"value": "ec2:CreateVpc"}]}
    context = told["context"]
    assert context["principal"]["arn"] == user.arn and context["action"] == "ec2:CreateVpc"
    assert context["resource"].endswith(":vpc/*")
    conditions = {one["key"]: one["values"]["items"][0]["value"] for one in context["conditions"]["items"]}
    assert conditions["ec2:Region"] == "us-east-1" and conditions["aws:SourceIp"] == "127.0.0.1"
    assert refused(user.client("sts").decode_authorization_message, EncodedMessage=encoded)["Error"]["Code"] == "AccessDenied"
    bad = refused(sts.decode_authorization_message, EncodedMessage=encoded[:-4] + "AAAA")["Error"]
    assert bad["Code"] == "InvalidAuthorizationMessageException"


def test_no_question_to_the_gate_is_unknown_to_aws(root_region):
    assert "unknown to the table" not in (root_region.home / "daemon.log").read_text(errors="replace")
