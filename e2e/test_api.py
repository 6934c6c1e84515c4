"""The API as clients read it: the CLI of Debian and of PyPI, boto3, paginators, filters, dry runs, errors."""

import os

import pytest
from botocore.exceptions import ClientError

from region import VENV

CLIS = [str(VENV / "bin/aws")] + (["/usr/bin/aws"] if os.path.exists("/usr/bin/aws") else [])


@pytest.mark.parametrize("cli", CLIS)
def test_the_cli_works_its_everyday(root_region, cli):
    aws = lambda *words: root_region.aws(*words, cli=cli).stdout.strip()
    vpc = aws("ec2", "create-vpc", "--cidr-block", "10.5.0.0/16", "--tag-specifications", "ResourceType=vpc,Tags=[{Key=Name,Value=cli}]", "--query", "Vpc.VpcId", "--output", "text")
    assert aws("ec2", "describe-vpcs", "--filters", "Name=tag:Name,Values=cli", "--query", "Vpcs[].VpcId", "--output", "text") == vpc
    aws("ec2", "wait", "vpc-available", "--vpc-ids", vpc)
    subnet = aws("ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", "10.5.1.0/24", "--query", "Subnet.SubnetId", "--output", "text")
    assert aws("ec2", "describe-subnets", "--subnet-ids", subnet, "--query", "Subnets[0].AvailableIpAddressCount", "--output", "text") == "251"
    refused = root_region.aws("ec2", "delete-vpc", "--vpc-id", vpc, cli=cli, check=False)
    assert refused.returncode != 0 and "DependencyViolation" in refused.stderr
    dry = root_region.aws("ec2", "delete-subnet", "--subnet-id", subnet, "--dry-run", cli=cli, check=False)
    assert "DryRunOperation" in dry.stderr and "Request would have succeeded, but DryRun flag is set." in dry.stderr
    aws("ec2", "delete-subnet", "--subnet-id", subnet)
    aws("ec2", "delete-vpc", "--vpc-id", vpc)
    assert aws("ec2", "describe-availability-zones", "--query", "length(AvailabilityZones)", "--output", "text") == "6"
    assert aws("sts", "get-caller-identity", "--query", "Account", "--output", "text") == "123456789012"
    aws("s3", "mb", "s3://cli-everyday")
    assert "cli-everyday" in aws("s3", "ls")
    aws("s3", "rb", "s3://cli-everyday")


@pytest.mark.parametrize(
    "call, code",
    [
        (lambda c: c.create_vpc(CidrBlock="10.0.0.0/8"), "InvalidVpc.Range"),
        (lambda c: c.create_vpc(CidrBlock="nonsense"), "InvalidParameterValue"),
        (lambda c: c.describe_vpcs(VpcIds=["vpc-nonsense"]), "InvalidVpcID.Malformed"),
        (lambda c: c.describe_vpcs(VpcIds=["vpc-0123456789abcdef0"]), "InvalidVpcID.NotFound"),
        (lambda c: c.describe_vpcs(Filters=[{"Name": "no-such-filter", "Values": ["x"]}]), "InvalidParameterValue"),
        (lambda c: c.describe_subnets(SubnetIds=["subnet-0123456789abcdef0"]), "InvalidSubnetID.NotFound"),
        (lambda c: c.describe_instances(InstanceIds=["i-0123456789abcdef0"]), "InvalidInstanceID.NotFound"),
        (lambda c: c.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1), "InvalidAMIID.NotFound"),
        (lambda c: c.delete_security_group(GroupId="sg-0123456789abcdef0"), "InvalidGroup.NotFound"),
        (lambda c: c.describe_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"]), "InvalidVpcEndpointId.NotFound"),
        (lambda c: c.create_vpc_endpoint(VpcId="vpc-0123456789abcdef0", ServiceName="com.amazonaws.us-east-1.s3"), "InvalidVpcID.NotFound"),
        (lambda c: c.describe_spot_fleet_requests(), "InvalidAction"),
    ],
)
def test_errors_as_aws_says_them(root_region, call, code):
    with pytest.raises(ClientError) as refused:
        call(root_region.client("ec2"))
    assert refused.value.response["Error"]["Code"] == code, refused.value


def test_pages(root_region):
    ec2 = root_region.client("ec2")
    made = [ec2.create_security_group(GroupName=f"page-{n}", Description="d")["GroupId"] for n in range(12)]
    filters = [{"Name": "group-name", "Values": ["page-*"]}]
    pages = list(ec2.get_paginator("describe_security_groups").paginate(Filters=filters, PaginationConfig={"PageSize": 5}))
    assert [len(p["SecurityGroups"]) for p in pages] == [5, 5, 2]
    assert {g["GroupId"] for p in pages for g in p["SecurityGroups"]} == set(made)
    for group in made:
        ec2.delete_security_group(GroupId=group)


def test_client_tokens(root_region):
    ec2 = root_region.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    wanted = dict(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", ClientToken="once")
    first = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"]
    assert ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"] == first
    with pytest.raises(ClientError) as refused:
        ec2.create_vpc_endpoint(**(wanted | {"ServiceName": "com.amazonaws.us-east-1.dynamodb"}))
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatch"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
    ec2.delete_vpc(VpcId=vpc)


def test_the_default_vpc(root_region):
    ec2 = root_region.client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    assert len(subnets) == 6 and all(s["DefaultForAz"] and s["MapPublicIpOnLaunch"] for s in subnets)
    elsewhere = root_region.client("ec2", region_name="eu-west-1").describe_vpcs()["Vpcs"]
    assert len(elsewhere) == 1 and elsewhere[0]["VpcId"] != vpc["VpcId"]


def test_a_caller_without_permission_is_refused_in_aws_words(root_region):
    iam = root_region.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    who = "arn:aws:iam::123456789012:user/nobody"
    for service, call, code, action in [
        ("ec2", lambda c: c.describe_vpcs(), "UnauthorizedOperation", "ec2:DescribeVpcs"),
        ("s3", lambda c: c.list_buckets(), "AccessDenied", "s3:ListAllMyBuckets"),
        ("iam", lambda c: c.list_users(), "AccessDenied", "iam:ListUsers"),
    ]:
        with pytest.raises(ClientError) as refused:
            call(root_region.client(service, **keys))
        error = refused.value.response["Error"]
        assert error["Code"] == code
        assert f"User: {who} is not authorized to perform: {action}" in error["Message"], error
        assert f"because no identity-based policy allows the {action} action" in error["Message"], error
    assert root_region.client("sts", **keys).get_caller_identity()["Arn"] == who
    iam.delete_access_key(UserName="nobody", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="nobody")


def test_an_operation_that_is_not_there_says_so(root_region):
    with pytest.raises(ClientError) as refused:
        root_region.client("dynamodb").list_backups()
    assert "ListBackups" in refused.value.response["Error"]["Message"]
