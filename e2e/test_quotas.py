"""A new account's quotas, where the configuration file asks for them; and none per region where it does not."""

import pytest
from botocore.exceptions import ClientError


def refused(call, **words):
    with pytest.raises(ClientError) as error:
        call(**words)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture(scope="module")
def new_account():
    from region import Region

    region = Region("root", config="[quota]\naws = true\nsubnets-per-vpc = 3\n")
    yield region
    region.close()


def test_the_sixth_vpc_of_a_new_account_is_refused(new_account):
    ec2 = new_account.client("ec2")
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
    made = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(4)]
    told = ("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    assert refused(ec2.create_vpc, CidrBlock="10.9.0.0/16") == told
    assert len(ec2.describe_vpcs()["Vpcs"]) == 5
    ec2.delete_vpc(VpcId=made[0])
    ec2.create_vpc(CidrBlock="10.9.0.0/16")
    for n in range(3):
        ec2.create_subnet(VpcId=made[1], CidrBlock=f"10.1.{n}.0/24")
    assert refused(ec2.create_subnet, VpcId=made[1], CidrBlock="10.1.9.0/24")[0] == "SubnetLimitExceeded"
    done = new_account.aws("ec2", "create-vpc", "--cidr-block", "10.8.0.0/16", check=False)
    assert done.returncode != 0 and "(VpcLimitExceeded)" in done.stderr
    # Another region counts for itself.
    new_account.client("ec2", region_name="eu-west-1").create_vpc(CidrBlock="10.0.0.0/16")


def test_addresses_and_gateways_of_a_new_account(new_account):
    ec2 = new_account.client("ec2")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    told = ("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    assert refused(ec2.allocate_address, Domain="vpc") == told
    for _ in range(4):
        ec2.create_internet_gateway()
    assert refused(ec2.create_internet_gateway)[0] == "InternetGatewayLimitExceeded"


def test_without_a_word_a_test_suite_may_make_many(root_region):
    ec2 = root_region.client("ec2", region_name="ap-south-1")
    made = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(8)]
    assert len(ec2.describe_vpcs(VpcIds=made)["Vpcs"]) == 8
    for vpc in made:
        ec2.delete_vpc(VpcId=vpc)


def test_an_unknown_quota_is_refused_at_the_start():
    from region import Region

    with pytest.raises(Exception) as error:
        Region("root", config="[quota]\nvpc = 2\n")
    assert "[quota] knows no vpc" in str(error.value)
