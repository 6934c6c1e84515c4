"""A private subnet that lives by interface endpoints, and every wrong turn. Judged inside instances, by what clients hear."""

import ipaddress
import json

import pytest
from botocore.exceptions import ClientError

from network import Network

PATIENCE = "--region us-east-1 --cli-connect-timeout 2"
WHO = f"AWS_MAX_ATTEMPTS=1 AWS_STS_REGIONAL_ENDPOINTS=regional aws sts get-caller-identity {PATIENCE} --query Account --output text"
VPCS = f"AWS_MAX_ATTEMPTS=1 aws ec2 describe-vpcs {PATIENCE} --query 'length(Vpcs)'"
STS = "sts.us-east-1.amazonaws.com"


@pytest.fixture
def listening(network):
    """A group that lets HTTPS in, in a VPC with both DNS attributes."""
    network.dns_hostnames(True)
    return network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))


@pytest.fixture
def private(network):
    """A private instance with keys."""
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    return instance


def times_out(region, instance, command=WHO):
    done = region.run(instance, command, check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done.stdout + done.stderr


def works(region, instance, command=WHO):
    return region.run(instance, command, timeout=40).stdout


def refused(error):
    return error.value.response["Error"]


def addresses(region, instance, name):
    return set(region.run(instance, f"getent ahostsv4 {name} | cut -d' ' -f1 | sort -u").stdout.split())


def interfaces(network, endpoint):
    found = network.ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": [f"VPC Endpoint Interface {endpoint['VpcEndpointId']}"]}]
    )
    return found["NetworkInterfaces"]


def test_a_private_subnet_lives_by_its_endpoints(region, network, private, listening):
    times_out(region, private)
    times_out(region, private, VPCS)
    sts = network.interface_endpoint("sts", network.private, network.public, groups=[listening], PrivateDnsEnabled=True)
    assert works(region, private).strip() == region.environment.get("AWS_ACCOUNT_ID", works(region, private).strip())
    times_out(region, private, VPCS)
    network.interface_endpoint("ec2", network.private, groups=[listening], PrivateDnsEnabled=True)
    assert int(works(region, private, VPCS)) >= 1
    assert sts["State"] == "pending"
    described = network.ec2.describe_vpc_endpoints(VpcEndpointIds=[sts["VpcEndpointId"]])["VpcEndpoints"][0]
    assert described["State"] == "available" and described["PrivateDnsEnabled"]
    names = [entry["DnsName"] for entry in described["DnsEntries"]]
    front = f"{sts['VpcEndpointId']}-"
    assert names[-1] == STS and all(name.startswith(front) for name in names[:-1])
    assert [name.split(".")[0][-11:] for name in names[1:-1]] == ["-us-east-1b", "-us-east-1a"]
    enis = interfaces(network, sts)
    assert {eni["NetworkInterfaceId"] for eni in enis} == set(described["NetworkInterfaceIds"])
    own = {eni["PrivateIpAddress"] for eni in enis}
    assert addresses(region, private, STS) == own == addresses(region, private, names[0])
    for eni in enis:
        zonal = next(name for name in names if eni["AvailabilityZone"] in name)
        assert addresses(region, private, zonal) == {eni["PrivateIpAddress"]}
        works(region, private, f"{WHO} --endpoint-url https://{zonal}")


def test_the_endpoints_interfaces_belong_to_the_service(network, listening):
    made = network.interface_endpoint("sts", network.private, groups=[listening])
    (eni,) = interfaces(network, made)
    assert eni["InterfaceType"] == "vpc_endpoint" and eni["RequesterManaged"] and eni["Status"] == "in-use"
    assert [group["GroupId"] for group in eni["Groups"]] == [listening]
    assert eni["Attachment"]["InstanceOwnerId"] == "amazon-aws"
    for call in (
        lambda: network.ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"]),
        lambda: network.ec2.detach_network_interface(AttachmentId=eni["Attachment"]["AttachmentId"]),
        lambda: network.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=eni["NetworkInterfaceId"], Groups=[listening]
        ),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert refused(error)["Code"] == "OperationNotPermitted", error.value
    with pytest.raises(ClientError) as error:
        network.ec2.delete_security_group(GroupId=listening)
    assert refused(error)["Code"] == "DependencyViolation"
    with pytest.raises(ClientError) as error:
        network.ec2.delete_subnet(SubnetId=network.private)
    assert refused(error)["Code"] == "DependencyViolation"
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert interfaces(network, made) == []


def test_an_endpoint_group_without_443_is_in_the_way(region, network, private, listening):
    closed = network.group("closed", ("tcp", 22, "0.0.0.0/0"))
    made = network.interface_endpoint("sts", network.private, groups=[closed])
    times_out(region, private)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], AddSecurityGroupIds=[listening])
    works(region, private)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], RemoveSecurityGroupIds=[listening])
    times_out(region, private)
    network.ec2.authorize_security_group_ingress(
        GroupId=closed,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    works(region, private)


def test_the_default_group_admits_its_own_members_only(region, network, private, listening):
    """No groups named: the endpoint is in the VPC's default group, as `private` is; an instance of another group is not."""
    network.interface_endpoint("sts", network.private)
    works(region, private)
    other = network.instance(network.private, [network.group("other")])["InstanceId"]
    network.credentials(other)
    times_out(region, other)


def test_a_client_may_speak_to_the_endpoints_group_alone(region, network, listening):
    closed = network.group("client", egress=False)
    instance = network.instance(network.private, [closed])["InstanceId"]
    network.credentials(instance)
    network.interface_endpoint("sts", network.private, groups=[listening])
    times_out(region, instance)
    network.ec2.authorize_security_group_egress(
        GroupId=closed,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": listening}]}],
    )
    works(region, instance)


def test_an_acl_stands_between_subnets_only(region, network, private, listening):
    """The endpoint's subnet lets nothing in; a client beside the endpoint does not cross its border."""
    beside = network.instance(network.public)["InstanceId"]
    network.credentials(beside)
    network.interface_endpoint("sts", network.public, groups=[listening])
    works(region, private)
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.public]}])
    association = next(a for a in acls["NetworkAcls"][0]["Associations"] if a["SubnetId"] == network.public)
    network.ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )
    times_out(region, private)
    works(region, beside)
    entry = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "RuleNumber": 100}
    network.ec2.create_network_acl_entry(**entry, Egress=False, PortRange={"From": 443, "To": 443})
    times_out(region, private)
    network.ec2.create_network_acl_entry(**entry, Egress=True, PortRange={"From": 1024, "To": 65535})
    works(region, private)


def test_without_private_dns_only_the_endpoints_own_names_lead_to_it(region, network, private, listening):
    made = network.interface_endpoint("sts", network.private, groups=[listening], PrivateDnsEnabled=False)
    times_out(region, private)
    (own,) = addresses(region, private, STS)
    assert not ipaddress.ip_address(own).is_private
    regional, zonal = [entry["DnsName"] for entry in made["DnsEntries"]]
    for name in (regional, zonal):
        works(region, private, f"{WHO} --endpoint-url https://{name}")
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=True)
    works(region, private)
    network.dns_hostnames(False)
    times_out(region, private)
    network.dns_hostnames(True)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=False)
    times_out(region, private)


def test_names_lead_to_public_addresses_again_when_the_endpoint_goes(region, network, private, listening):
    made = network.interface_endpoint("sts", network.private, groups=[listening])
    own = interfaces(network, made)[0]["PrivateIpAddress"]
    assert addresses(region, private, STS) == {own}
    works(region, private)
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    (public,) = addresses(region, private, STS)
    assert not ipaddress.ip_address(public).is_private
    assert addresses(region, private, made["DnsEntries"][0]["DnsName"]) == set()
    times_out(region, private)
    gone = region.run(private, f"curl -sS -o /dev/null --connect-timeout 2 --connect-to ::{own}: https://{STS}/", check=False)
    assert gone.returncode == 28, gone


def test_one_endpoint_owns_a_private_name(network):
    with pytest.raises(ClientError) as error:
        network.interface_endpoint("sts", network.private, PrivateDnsEnabled=True)
    assert refused(error)["Message"] == (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "
        + network.vpc
    )
    network.dns_hostnames(True)
    network.interface_endpoint("sts", network.private, PrivateDnsEnabled=True)
    with pytest.raises(ClientError) as error:
        network.interface_endpoint("sts", network.public, PrivateDnsEnabled=True)
    assert refused(error)["Message"] == (
        f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {STS} in the VPC {network.vpc}"
    )
    network.interface_endpoint("sts", network.public, PrivateDnsEnabled=False)


def test_the_endpoints_policy_judges_every_request(region, network, private, listening):
    policy = {
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}],
    }
    sts = network.interface_endpoint("sts", network.private, groups=[listening], PolicyDocument=json.dumps(policy))
    said = region.run(private, WHO, check=False)
    assert "because no VPC endpoint policy allows the sts:GetCallerIdentity action" in said.stderr, said
    network.ec2.modify_vpc_endpoint(VpcEndpointId=sts["VpcEndpointId"], ResetPolicy=True)
    works(region, private)
    account = region.client("sts").get_caller_identity()["Account"]
    principal = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "ec2:*", "Resource": "*"}]}
    ec2 = network.interface_endpoint("ec2", network.private, groups=[listening], PolicyDocument=json.dumps(principal))
    works(region, private, VPCS)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=ec2["VpcEndpointId"], PolicyDocument=json.dumps(policy))
    said = region.run(private, VPCS, check=False)
    assert "because no VPC endpoint policy allows the ec2:DescribeVpcs action" in said.stderr, said


def test_the_address_carries_its_own_service_only(region, network, private, listening):
    made = network.interface_endpoint("sts", network.private, groups=[listening, network.group("plain", ("tcp", 80, "0.0.0.0/0"))])
    address = interfaces(network, made)[0]["PrivateIpAddress"]
    works(region, private)
    for name in ("ec2.us-east-1.amazonaws.com", "sts.eu-west-1.amazonaws.com", "example.com"):
        other = region.run(private, f"curl -sS --max-time 5 --connect-to ::{address}: https://{name}/", check=False)
        assert other.returncode != 0 and "SSL" in (other.stderr + other.stdout).upper(), (name, other)
    plain = region.run(private, f"curl -sS --connect-timeout 2 http://{address}/", check=False)
    assert plain.returncode == 28, plain
    echo = region.run(private, f"ping -c 1 -W 1 {address}", check=False)
    assert echo.returncode != 0, echo


def test_subnets_come_and_go(region, network, private, listening):
    beside = network.ec2.describe_subnets(SubnetIds=[network.private])["Subnets"][0]
    wanted = str(ipaddress.ip_network(beside["CidrBlock"])[99])
    made = network.interface_endpoint(
        "sts", network.private, groups=[listening], SubnetConfigurations=[{"SubnetId": network.private, "Ipv4": wanted}]
    )
    assert addresses(region, private, STS) == {wanted}
    works(region, private)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], AddSubnetIds=[network.public])
    assert len(addresses(region, private, STS)) == 2
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], RemoveSubnetIds=[network.private])
    (other,) = addresses(region, private, STS)
    assert other != wanted
    works(region, private)
    zone = network.ec2.describe_subnets(SubnetIds=[network.public])["Subnets"][0]
    twin = str(ipaddress.ip_network(zone["CidrBlock"]).network_address + 256 * 8) + "/24"
    twin = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock=twin, AvailabilityZone=zone["AvailabilityZone"])
    twin = twin["Subnet"]["SubnetId"]
    with pytest.raises(ClientError) as error:
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], AddSubnetIds=[twin])
    assert refused(error)["Code"] == "DuplicateSubnetsInSameZone"
    assert refused(error)["Message"] == f"Found another VPC endpoint subnet in the availability zone of {twin}"


def test_s3_through_its_own_names_and_its_public_ones(region, network, private, listening):
    """The request carries the endpoint's keys; the public names lead to it only if the option says so."""
    with pytest.raises(ClientError) as error:
        network.interface_endpoint("s3", network.private, groups=[listening], PrivateDnsEnabled=True)
    assert refused(error)["Message"] == (
        f"To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {network.vpc} must have a Gateway endpoint for the service."
    )
    made = network.interface_endpoint("s3", network.private, groups=[listening])
    assert not made["PrivateDnsEnabled"]
    assert all(entry["DnsName"].startswith("*.vpce-") for entry in made["DnsEntries"])
    url = "https://" + made["DnsEntries"][0]["DnsName"].replace("*", "bucket")
    s3 = region.client("s3")
    bucket = f"interface-{network.vpc}"
    s3.create_bucket(Bucket=bucket)
    only = {
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"StringNotEquals": {"aws:SourceVpce": made["VpcEndpointId"]}},
            }
        ],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(only))
    with pytest.raises(ClientError):
        s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    works(region, private, f"echo x | aws s3 cp - s3://{bucket}/x {PATIENCE} --endpoint-url {url}")
    listing = f"AWS_MAX_ATTEMPTS=1 aws s3api list-objects-v2 --bucket {bucket} {PATIENCE} --endpoint-url https://s3.us-east-1.amazonaws.com"
    times_out(region, private, listing)
    network.ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        PrivateDnsEnabled=True,
        DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": False},
    )
    works(region, private, listing)
    s3.delete_object(Bucket=bucket, Key="x")
    s3.delete_bucket(Bucket=bucket)


def test_two_endpoints_of_one_service_each_with_its_own_policy(region, network, private, listening):
    """The private name means the one that owns it; the other is reached by its own name, and judges by its own policy."""
    nothing = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    owner = network.interface_endpoint("ec2", network.private, groups=[listening], PrivateDnsEnabled=True)
    other = network.interface_endpoint(
        "ec2", network.private, network.public, groups=[listening], PrivateDnsEnabled=False, PolicyDocument=json.dumps(nothing)
    )
    works(region, private, VPCS)
    own_name = f"{VPCS} --endpoint-url https://{other['DnsEntries'][0]['DnsName']}"
    said = region.run(private, own_name, check=False)
    assert "with an explicit deny in a VPC endpoint policy" in said.stderr, said
    assert addresses(region, private, "ec2.us-east-1.amazonaws.com") == {interfaces(network, owner)[0]["PrivateIpAddress"]}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=owner["VpcEndpointId"], PrivateDnsEnabled=False)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=other["VpcEndpointId"], PrivateDnsEnabled=True)
    own = {eni["PrivateIpAddress"] for eni in interfaces(network, other)}
    assert addresses(region, private, "ec2.us-east-1.amazonaws.com") == own and len(own) == 2
    said = region.run(private, VPCS, check=False)
    assert "with an explicit deny in a VPC endpoint policy" in said.stderr, said


def test_a_fixed_address_takes_the_place_of_another(region, network, private, listening):
    """ModifyVpcEndpoint with SubnetConfigurations replaces the interface; taken and foreign addresses are refused."""
    made = network.interface_endpoint("sts", network.private, groups=[listening])
    (before,) = interfaces(network, made)
    cidr = ipaddress.ip_network(network.ec2.describe_subnets(SubnetIds=[network.private])["Subnets"][0]["CidrBlock"])
    fix = lambda address: network.ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"], SubnetConfigurations=[{"SubnetId": network.private, "Ipv4": address}]
    )
    wanted = str(cidr[77])
    fix(wanted)
    (after,) = interfaces(network, made)
    assert after["PrivateIpAddress"] == wanted and after["NetworkInterfaceId"] != before["NetworkInterfaceId"]
    assert addresses(region, private, STS) == {wanted}
    works(region, private)
    taken = network.ec2.describe_instances(InstanceIds=[private])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    for address, code in ((taken, "InvalidIPAddress.InUse"), ("192.0.2.7", "InvalidParameterValue")):
        with pytest.raises(ClientError) as error:
            fix(address)
        assert refused(error)["Code"] == code, error.value
    assert addresses(region, private, STS) == {wanted}
    with pytest.raises(ClientError) as error:
        network.interface_endpoint("sts", network.private, IpAddressType="dualstack", PrivateDnsEnabled=False)
    assert "IP address type (dualstack)" in refused(error)["Message"]


def test_iam_is_behind_an_endpoint_without_a_region_in_its_name(region, network, private, listening):
    network.ec2.create_vpc_endpoint(
        VpcId=network.vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.iam",
        SubnetIds=[network.private],
        SecurityGroupIds=[listening],
    )
    works(region, private, f"aws iam list-users {PATIENCE} --query 'length(Users)'")


def test_services_that_interface_endpoints_lead_to(network):
    said = network.ec2.describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": ["com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.sts"]}]
    )
    kinds = [(d["ServiceName"].split(".")[-1], d["ServiceType"][0]["ServiceType"]) for d in said["ServiceDetails"]]
    assert kinds == [("s3", "Gateway"), ("s3", "Interface"), ("sts", "Interface")]
    sts = said["ServiceDetails"][-1]
    assert sts["PrivateDnsName"] == STS and sts["BaseEndpointDnsNames"] == ["sts.us-east-1.vpce.amazonaws.com"]


def test_in_force_when_the_call_returns(region, network, private, listening):
    """No waiting between the call and the packet."""
    for _ in range(3):
        made = network.interface_endpoint("sts", network.private, groups=[listening])
        works(region, private, f"curl -sS -o /dev/null --max-time 3 https://{STS}/")
        network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
        closed = region.run(private, f"curl -sS -o /dev/null --connect-timeout 1 https://{STS}/", check=False)
        assert closed.returncode == 28, closed


def test_an_endpoint_outlives_the_daemon(fresh):
    """Killed and started again: the same interfaces, names and addresses, and packets on the same way."""
    region = fresh("root")
    network = Network(region)
    network.dns_hostnames(True)
    instance = network.instance(network.private)["InstanceId"]
    made = network.interface_endpoint("sts", network.private)
    before = network.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    region.kill()
    region.up()
    network.ec2 = region.client("ec2")
    assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == before
    region.wait_running(instance)
    own = interfaces(network, made)[0]["PrivateIpAddress"]
    assert addresses(region, instance, STS) == {own}
    works(region, instance, f"curl -sS -o /dev/null --max-time 3 https://{STS}/")
