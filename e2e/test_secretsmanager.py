"""Secrets Manager by real clients: from the host, from a private instance through its endpoint, and every wrong turn."""

import json

import pytest
from botocore.exceptions import ClientError

from region import VENV
from test_kms import allow, code, message, user

PATIENCE = "AWS_MAX_ATTEMPTS=1 aws --region us-east-1 --cli-connect-timeout 2"
READ = f"{PATIENCE} secretsmanager get-secret-value --secret-id prod/db --query SecretString --output text"


@pytest.fixture(scope="module")
def secrets(root_region):
    return root_region.client("secretsmanager")


def test_the_cli_keeps_a_secret(root_region):
    made = json.loads(root_region.aws("secretsmanager", "create-secret", "--name", "cli/db", "--secret-string", "one").stdout)
    root_region.aws("secretsmanager", "put-secret-value", "--secret-id", "cli/db", "--secret-string", "two")
    read = lambda *more: json.loads(root_region.aws("secretsmanager", "get-secret-value", "--secret-id", made["ARN"], *more).stdout)  # noqa: E731
    assert read()["SecretString"] == "two" and read("--version-stage", "AWSPREVIOUS")["SecretString"] == "one"
    assert read("--version-id", made["VersionId"])["VersionStages"] == ["AWSPREVIOUS"]
    refused = root_region.aws("secretsmanager", "rotate-secret", "--secret-id", "cli/db", check=False)
    assert "Rotation is not supported" in refused.stderr


def test_binary_values_and_paginators(secrets):
    for number in range(5):
        secrets.create_secret(Name=f"page/{number}", SecretBinary=bytes([number, 255]))
    assert secrets.get_secret_value(SecretId="page/3")["SecretBinary"] == b"\x03\xff"
    pages = secrets.get_paginator("list_secrets").paginate(
        Filters=[{"Key": "name", "Values": ["page/"]}], PaginationConfig={"PageSize": 2}
    )
    assert sorted(one["Name"] for page in pages for one in page["SecretList"]) == [f"page/{n}" for n in range(5)]
    assert len(secrets.get_random_password(PasswordLength=20)["RandomPassword"]) == 20


def test_a_secret_in_the_bin(secrets):
    secrets.create_secret(Name="bin", SecretString="x")
    secrets.delete_secret(SecretId="bin", RecoveryWindowInDays=7)
    with pytest.raises(ClientError) as error:
        secrets.get_secret_value(SecretId="bin")
    assert code(error) == "InvalidRequestException"
    secrets.restore_secret(SecretId="bin")
    assert secrets.get_secret_value(SecretId="bin")["SecretString"] == "x"
    secrets.delete_secret(SecretId="bin", ForceDeleteWithoutRecovery=True)
    with pytest.raises(ClientError) as error:
        secrets.get_secret_value(SecretId="bin")
    assert message(error) == "Secrets Manager can't find the specified secret."


def test_policies_of_caller_and_secret(root_region, secrets):
    account = root_region.client("sts").get_caller_identity()["Account"]
    arn = secrets.create_secret(Name="shared", SecretString="x", Tags=[{"Key": "Team", "Value": "blue"}])["ARN"]
    blue = user(root_region, "blue", allow(
        "secretsmanager:GetSecretValue", "*", StringEquals={"secretsmanager:ResourceTag/Team": "blue"},
        **{"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}},
    ))("secretsmanager")
    nobody = user(root_region, "nobody")("secretsmanager")
    assert blue.get_secret_value(SecretId="shared")["SecretString"] == "x"
    with pytest.raises(ClientError) as error:
        blue.get_secret_value(SecretId="shared", VersionStage="AWSPREVIOUS")
    assert code(error) == "AccessDeniedException"
    with pytest.raises(ClientError) as error:
        nobody.get_secret_value(SecretId="shared")
    assert message(error) == (
        f"User: arn:aws:iam::{account}:user/nobody is not authorized to perform: secretsmanager:GetSecretValue on "
        f"resource: {arn} because no identity-based policy allows the secretsmanager:GetSecretValue action"
    )
    grant = lambda effect, name: json.dumps({"Version": "2012-10-17", "Statement": [{  # noqa: E731
        "Effect": effect, "Principal": {"AWS": f"arn:aws:iam::{account}:user/{name}"},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
    secrets.put_resource_policy(SecretId="shared", ResourcePolicy=grant("Allow", "nobody"))
    assert nobody.get_secret_value(SecretId="shared")["SecretString"] == "x"
    secrets.put_resource_policy(SecretId="shared", ResourcePolicy=grant("Deny", "blue"))
    with pytest.raises(ClientError) as error:
        blue.get_secret_value(SecretId="shared")
    assert message(error).endswith("with an explicit deny in a resource-based policy")


def test_the_key_decides_too(root_region, secrets):
    """Who may read the secret and not use its key is told so, and `explain` tells which policy was missing."""
    kms = root_region.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    secrets.create_secret(Name="own-key", SecretString="x", KmsKeyId=key)
    secrets.create_secret(Name="aws-key", SecretString="y")
    reader = user(root_region, "reader", allow("secretsmanager:GetSecretValue"))
    assert reader("secretsmanager").get_secret_value(SecretId="aws-key")["SecretString"] == "y"
    with pytest.raises(ClientError) as error:
        reader("secretsmanager").get_secret_value(SecretId="own-key")
    assert (code(error), message(error)) == ("AccessDeniedException", "Access to KMS is not allowed")
    request = error.value.response["ResponseMetadata"]
    assert "kms:Decrypt" in request["HTTPHeaders"]["x-postern-decision"]
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    root_region.client("iam").put_user_policy(UserName="reader", PolicyName="key", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [allow("kms:Decrypt", key, **via)]}))
    assert reader("secretsmanager").get_secret_value(SecretId="own-key")["SecretString"] == "x"
    blob = kms.encrypt(KeyId=key, Plaintext=b"z")["CiphertextBlob"]
    with pytest.raises(ClientError) as error:
        reader("kms").decrypt(CiphertextBlob=blob)
    assert code(error) == "AccessDeniedException"
    aliases = {a["AliasName"] for a in kms.list_aliases()["Aliases"]}
    assert "alias/aws/secretsmanager" in aliases


def test_secrets_survive_kill_9(fresh):
    region = fresh()
    region.client("secretsmanager").create_secret(Name="kept", SecretString="safe")
    region.kill()
    disk = b"".join(path.read_bytes() for path in region.data.glob("state.db*"))
    assert b"kept" in disk and b"safe" not in disk
    region.up()
    assert region.client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "safe"


def test_a_private_instance_reads_by_its_endpoint(region, network):
    secrets = region.client("secretsmanager")
    try:
        secrets.create_secret(Name="prod/db", SecretString="from afar")
        network.dns_hostnames(True)
        listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
        instance = network.instance(network.private)["InstanceId"]
        network.credentials(instance)

        def times_out():
            done = region.run(instance, READ, check=False, timeout=40)
            assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done.stdout + done.stderr

        times_out()
        made = network.interface_endpoint("secretsmanager", network.private, groups=[listening], PrivateDnsEnabled=True)
        assert region.run(instance, READ, timeout=40).stdout.strip() == "from afar"
        only_list = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:ListSecrets", "Resource": "*"}]}
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PolicyDocument=json.dumps(only_list))
        done = region.run(instance, READ, check=False, timeout=40)
        assert "AccessDeniedException" in done.stderr
        assert "because no VPC endpoint policy allows the secretsmanager:GetSecretValue action" in done.stderr
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], ResetPolicy=True)
        only_here = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:SourceVpce": made["VpcEndpointId"]}}}]}
        secrets.put_resource_policy(SecretId="prod/db", ResourcePolicy=json.dumps(only_here))
        assert region.run(instance, READ, timeout=40).stdout.strip() == "from afar"
        with pytest.raises(ClientError) as error:
            secrets.get_secret_value(SecretId="prod/db")
        assert message(error).endswith("with an explicit deny in a resource-based policy")
        script = "import boto3; print(boto3.client('secretsmanager', region_name='us-east-1').get_secret_value(SecretId='prod/db')['SecretString'])"
        done = region.run(instance, f"{VENV}/bin/python -c \"{script}\"", timeout=40)
        assert done.stdout.strip() == "from afar"
    finally:
        secrets.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
