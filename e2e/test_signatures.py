"""Who may speak at all: every service, every way of signing, and each way of getting it wrong."""

import datetime
import socket
import ssl
import urllib.request
from urllib.error import HTTPError

import botocore.auth
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def code(region, service, call, **credentials):
    client = region.client(service, **credentials)
    with pytest.raises(ClientError) as refused:
        call(client)
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


CALLS = {
    "ec2": lambda c: c.describe_vpcs(),
    "iam": lambda c: c.list_users(),
    "sts": lambda c: c.get_caller_identity(),
    "s3": lambda c: c.list_buckets(),
}
WRONG_SECRET = {"ec2": ("AuthFailure", 401), "iam": ("SignatureDoesNotMatch", 403), "sts": ("SignatureDoesNotMatch", 403), "s3": ("SignatureDoesNotMatch", 403)}
UNKNOWN_KEY = {"ec2": ("AuthFailure", 401), "iam": ("InvalidClientTokenId", 403), "sts": ("InvalidClientTokenId", 403), "s3": ("InvalidAccessKeyId", 403)}


@pytest.mark.parametrize("service", CALLS)
def test_wrong_secret(root_region, service):
    assert code(root_region, service, CALLS[service], aws_secret_access_key="wrong") == WRONG_SECRET[service]


@pytest.mark.parametrize("service", CALLS)
def test_unknown_key(root_region, service):
    assert code(root_region, service, CALLS[service], aws_access_key_id="AKIANOBODY0000000000") == UNKNOWN_KEY[service]


@pytest.mark.parametrize("service", ["ec2", "iam", "sts", "s3"])
def test_skewed_clock(root_region, service, monkeypatch):
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: late.replace(tzinfo=None), raising=False)
    if not hasattr(botocore.auth, "get_current_datetime"):
        pytest.fail("botocore has moved its clock: mend this test")
    got, status = code(root_region, service, CALLS[service])
    assert got in ("RequestExpired", "SignatureDoesNotMatch", "RequestTimeTooSkewed") and status in (400, 401, 403)


def test_over_tls_with_the_bundle(root_region):
    endpoint = root_region.endpoint.replace("http:", "https:")
    client = root_region.client("sts", endpoint_url=endpoint, verify=root_region.environment["AWS_CA_BUNDLE"])
    assert client.get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_presigned(root_region, style):
    s3 = root_region.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    bucket = f"presigned-{style}"
    s3.create_bucket(Bucket=bucket)
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b"}, ExpiresIn=60)
    request = urllib.request.Request(put, data=b"signed in the query", method="PUT")
    assert urllib.request.urlopen(request, timeout=10).status == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"}, ExpiresIn=60)
    assert urllib.request.urlopen(get, timeout=10).read() == b"signed in the query"
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(get.replace("a%20b", "other"), timeout=10)
    assert refused.value.code == 403
    s3.delete_object(Bucket=bucket, Key="a b")
    s3.delete_bucket(Bucket=bucket)


def test_session_credentials(root_region):
    iam = root_region.client("iam")
    me = root_region.client("sts").get_caller_identity()["Arn"]
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}' % me
    role = iam.create_role(RoleName="session", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="session", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    got = root_region.client("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    keys = {"aws_access_key_id": got["AccessKeyId"], "aws_secret_access_key": got["SecretAccessKey"]}
    s3 = root_region.client("s3", **keys, aws_session_token=got["SessionToken"])
    s3.list_buckets()
    with pytest.raises(ClientError) as refused:
        s3.create_bucket(Bucket="not-allowed")
    assert "no identity-based policy allows the s3:CreateBucket action" in refused.value.response["Error"]["Message"]
    for token in (None, "forged"):
        with pytest.raises(ClientError):
            root_region.client("s3", **keys, aws_session_token=token).list_buckets()
        with pytest.raises(ClientError):
            root_region.client("sts", **keys, aws_session_token=token).get_caller_identity()
    iam.detach_role_policy(RoleName="session", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.delete_role(RoleName="session")


def test_brought_keys(fresh):
    region = fresh(
        config="""
        account-id = "000000000000"
        [[account]]
        id = "000000000000"
        [[account.user]]
        name = "tester"
        policies = ["arn:aws:iam::aws:policy/AdministratorAccess"]
        [[account.user.key]]
        id = "test"
        secret = "test"
        """
    )
    sts = region.client("sts", aws_access_key_id="test", aws_secret_access_key="test")
    identity = sts.get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::000000000000:user/tester"


def raw(region, data, secure=False):
    port = int(region.endpoint.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        plain.settimeout(5)
        stream = plain
        if secure:
            context = ssl.create_default_context(cafile=region.environment["AWS_CA_BUNDLE"])
            stream = context.wrap_socket(plain, server_hostname="localhost")
        try:
            stream.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused and closed before all of it was sent
        answer = b""
        try:
            while piece := stream.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03 nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\nConnection: close\r\n\r\nAction=%zz%%",
        b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\n",
        b"PUT /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_bad_bytes_harm_nobody(root_region, data):
    for secure in (False, True):
        answer = raw(root_region, data, secure)
        assert not answer.startswith(b"HTTP/1.1 2"), answer[:200]
        assert not answer.startswith(b"HTTP/1.1 500"), answer[:500]
    assert root_region.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_huge_body_is_refused(root_region):
    head = b"POST / HTTP/1.1\r\nHost: ec2.us-east-1.amazonaws.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 33554432\r\nConnection: close\r\n\r\n"
    answer = raw(root_region, head + b"Action=DescribeVpcs&x=" + b"a" * (20 << 20))
    assert answer == b"" or b" 413 " in answer.split(b"\r\n")[0], answer[:200]
    assert root_region.client("ec2").describe_vpcs()["Vpcs"]
