"""Parameter Store by real clients: from the host, from a private instance through its endpoint, and every wrong turn."""

import json

import pytest
from botocore.exceptions import ClientError

from test_kms import allow, code, message, user

PATIENCE = "AWS_MAX_ATTEMPTS=1 aws --region us-east-1 --cli-connect-timeout 2"
READ = f"{PATIENCE} ssm get-parameter --name /prod/url --with-decryption --query Parameter.Value --output text"


@pytest.fixture(scope="module")
def ssm(root_region):
    return root_region.client("ssm")


def test_the_cli_keeps_parameters(root_region):
    root_region.aws("ssm", "put-parameter", "--name", "/cli/a", "--type", "String", "--value", "one")
    root_region.aws("ssm", "put-parameter", "--name", "/cli/a", "--value", "two", "--overwrite")
    read = lambda name: root_region.aws("ssm", "get-parameter", "--name", name, "--query", "Parameter.Value", "--output", "text").stdout.strip()  # noqa: E731
    assert (read("/cli/a"), read("/cli/a:1")) == ("two", "one")
    again = root_region.aws("ssm", "put-parameter", "--name", "/cli/a", "--value", "x", "--type", "String", check=False)
    assert "ParameterAlreadyExists" in again.stderr
    assert "ParameterNotFound" in root_region.aws("ssm", "get-parameter", "--name", "/cli/none", check=False).stderr
    image = read("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
    assert root_region.client("ec2").describe_images(ImageIds=[image])["Images"][0]["ImageId"] == image
    refused = root_region.aws("ssm", "send-command", "--document-name", "AWS-RunShellScript", check=False)
    assert "SendCommand is not implemented" in refused.stderr


def test_hierarchies_by_paginator(ssm):
    for name in ("/page/a", "/page/b", "/page/c/d"):
        ssm.put_parameter(Name=name, Type="StringList", Value="x,y")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/page", Recursive=True, PaginationConfig={"PageSize": 1})
    assert [p["Name"] for page in pages for p in page["Parameters"]] == ["/page/a", "/page/b", "/page/c/d"]
    found = ssm.get_parameters(Names=["/page/a", "/page/none"])
    assert found["InvalidParameters"] == ["/page/none"] and found["Parameters"][0]["Value"] == "x,y"
    ssm.label_parameter_version(Name="/page/a", Labels=["live"])
    assert ssm.get_parameter(Name="/page/a:live")["Parameter"]["Selector"] == ":live"


def test_who_may_read_and_who_may_decrypt(root_region, ssm):
    account = root_region.client("sts").get_caller_identity()["Account"]
    key = root_region.client("kms").create_key()["KeyMetadata"]["Arn"]
    ssm.put_parameter(Name="/own/key", Type="SecureString", Value="secret", KeyId=key)
    ssm.put_parameter(Name="/aws/key".replace("/aws", "/plain"), Type="SecureString", Value="default")
    reader = user(root_region, "ssm-reader", allow(
        ["ssm:GetParameter", "ssm:GetParametersByPath"], f"arn:aws:ssm:*:{account}:parameter/own/*"))("ssm")
    assert reader.get_parameter(Name="/own/key")["Parameter"]["Value"] != "secret"
    with pytest.raises(ClientError) as error:
        reader.get_parameter(Name="/own/key", WithDecryption=True)
    assert code(error) == "AccessDeniedException"
    assert message(error).startswith(
        f"User: arn:aws:iam::{account}:user/ssm-reader is not authorized to perform: kms:Decrypt on resource: {key} "
        "because no identity-based policy allows the kms:Decrypt action (Service: AWSKMS;"
    )
    with pytest.raises(ClientError) as error:
        reader.get_parameter(Name="/plain/key")
    assert message(error) == (
        f"User: arn:aws:iam::{account}:user/ssm-reader is not authorized to perform: ssm:GetParameter on resource: "
        f"arn:aws:ssm:us-east-1:{account}:parameter/plain/key because no identity-based policy allows the "
        "ssm:GetParameter action"
    )
    context = {"StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": f"arn:aws:ssm:us-east-1:{account}:parameter/own/key"}}
    root_region.client("iam").put_user_policy(UserName="ssm-reader", PolicyName="key", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [allow("kms:Decrypt", key, **context)]}))
    assert reader.get_parameter(Name="/own/key", WithDecryption=True)["Parameter"]["Value"] == "secret"


def test_parameters_survive_kill_9(fresh):
    region = fresh()
    ssm = region.client("ssm")
    ssm.put_parameter(Name="/kept", Type="SecureString", Value="safe-value")
    ssm.put_parameter(Name="/kept", Value="safe-value-2", Overwrite=True)
    region.kill()
    disk = b"".join(path.read_bytes() for path in region.data.glob("state.db*"))
    assert b"/kept" in disk and b"safe-value" not in disk
    region.up()
    kept = region.client("ssm").get_parameter(Name="/kept:1", WithDecryption=True)["Parameter"]
    assert (kept["Value"], kept["Version"]) == ("safe-value", 1)


def test_a_private_instance_reads_by_its_endpoint(region, network):
    ssm = region.client("ssm")
    try:
        ssm.put_parameter(Name="/prod/url", Type="SecureString", Value="https://x")
        network.dns_hostnames(True)
        listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
        instance = network.instance(network.private)["InstanceId"]
        network.credentials(instance)
        done = region.run(instance, READ, check=False, timeout=40)
        assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done.stdout + done.stderr
        made = network.interface_endpoint("ssm", network.private, groups=[listening], PrivateDnsEnabled=True)
        assert region.run(instance, READ, timeout=40).stdout.strip() == "https://x"
        only_describe = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "ssm:DescribeParameters", "Resource": "*"}]}
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PolicyDocument=json.dumps(only_describe))
        done = region.run(instance, READ, check=False, timeout=40)
        assert "because no VPC endpoint policy allows the ssm:GetParameter action" in done.stderr
    finally:
        ssm.delete_parameter(Name="/prod/url")
