"""A private subnet and S3: the endpoint, and every wrong turn. Judged inside instances, by what the client hears."""

import json
import time

import pytest
from botocore.exceptions import ClientError

LIST = "AWS_MAX_ATTEMPTS=1 aws s3api list-buckets --cli-connect-timeout 2 --query 'length(Buckets)'"
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def private(network):
    """A private instance with keys."""
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    return instance


def times_out(region, instance, command=LIST):
    done = region.run(instance, command, check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done.stdout + done.stderr


def works(region, instance, command=LIST):
    return region.run(instance, command, timeout=40).stdout


def test_only_the_endpoint_opens_the_way(region, network, private):
    times_out(region, private)
    endpoint = network.gateway_endpoint(network.private_table)
    works(region, private)
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    times_out(region, private)


def test_the_endpoint_on_the_wrong_table_helps_nobody_else(region, network, private):
    endpoint = network.gateway_endpoint(network.public_table)
    times_out(region, private)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[network.private_table])
    works(region, private)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[network.private_table])
    times_out(region, private)


def test_a_group_without_egress_443_is_in_the_way(region, network):
    closed = network.group("closed", egress=False)
    instance = network.instance(network.private, [closed])["InstanceId"]
    network.credentials(instance)
    network.gateway_endpoint(network.private_table)
    times_out(region, instance)
    prefix_list = network.ec2.describe_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    )["PrefixLists"][0]["PrefixListId"]
    network.ec2.authorize_security_group_egress(
        GroupId=closed,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": prefix_list}]}],
    )
    works(region, instance)


def test_an_acl_without_ephemeral_ports_is_in_the_way(region, network, private):
    network.gateway_endpoint(network.private_table)
    works(region, private)
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    network.ec2.create_network_acl_entry(**entry, RuleNumber=100, Egress=True, PortRange={"From": 443, "To": 443})
    network.ec2.create_network_acl_entry(**entry, RuleNumber=100, Egress=False, PortRange={"From": 443, "To": 443})
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.private]}])
    association = next(a for a in acls["NetworkAcls"][0]["Associations"] if a["SubnetId"] == network.private)
    network.ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )
    times_out(region, private)
    network.ec2.create_network_acl_entry(**entry, RuleNumber=110, Egress=False, PortRange={"From": 1024, "To": 65535})
    works(region, private)


def test_another_regions_bucket_is_not_behind_the_endpoint(region, network, private):
    network.gateway_endpoint(network.private_table)
    works(region, private)
    times_out(region, private, LIST + " --region eu-west-1 --endpoint-url https://s3.eu-west-1.amazonaws.com")


def test_a_more_specific_route_wins_over_the_endpoint(region, network, private):
    network.gateway_endpoint(network.private_table)
    works(region, private)
    address = region.run(private, "getent ahostsv4 s3.us-east-1.amazonaws.com | head -1 | cut -d' ' -f1").stdout.strip()
    network.ec2.create_route(RouteTableId=network.private_table, DestinationCidrBlock=f"{address}/32", GatewayId=network.igw)
    times_out(region, private)  # the internet gateway does nothing for an interface without a public address
    network.ec2.delete_route(RouteTableId=network.private_table, DestinationCidrBlock=f"{address}/32")
    works(region, private)


def test_the_endpoint_carries_its_own_service_only(region, network, private):
    network.gateway_endpoint(network.private_table)
    works(region, private)
    times_out(region, private, "AWS_MAX_ATTEMPTS=1 aws sts get-caller-identity --cli-connect-timeout 2 --region us-east-1 --endpoint-url https://sts.us-east-1.amazonaws.com")
    address = region.run(private, "getent ahostsv4 s3.us-east-1.amazonaws.com | head -1 | cut -d' ' -f1").stdout.strip()
    other = region.run(private, f"curl -sS --max-time 5 --connect-to ::{address}: https://sts.us-east-1.amazonaws.com/", check=False)
    assert other.returncode != 0 and "SSL" in other.stderr.upper() + other.stdout.upper(), other
    closed = region.run(private, f"curl -sS --max-time 4 http://{address}:8080/", check=False)
    assert closed.returncode != 0


def test_one_route_per_prefix_list_and_table(network):
    network.gateway_endpoint(network.private_table)
    with pytest.raises(ClientError) as refused:
        network.gateway_endpoint(network.private_table)
    assert refused.value.response["Error"]["Code"] == "RouteAlreadyExists"


def test_the_endpoints_policy_judges_every_request(region, network, private):
    endpoint = network.gateway_endpoint(network.private_table)
    bucket = f"policy-{network.vpc}"
    works(region, private, f"aws s3 mb s3://{bucket}")
    only_listing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:ListBucket", "s3:ListAllMyBuckets"], "Resource": "*"}],
    }
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(only_listing))
    works(region, private, f"aws s3 ls s3://{bucket}")
    refused = region.run(private, f"echo x | aws s3 cp - s3://{bucket}/x", check=False)
    assert "because no VPC endpoint policy allows the s3:PutObject action" in refused.stderr, refused
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(deny))
    refused = region.run(private, f"aws s3 ls s3://{bucket}", check=False)
    assert "with an explicit deny in a VPC endpoint policy" in refused.stderr, refused
    region.client("s3").list_objects_v2(Bucket=bucket)  # the host does not come through the endpoint
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    works(region, private, f"aws s3 rb s3://{bucket}")


@pytest.mark.parametrize("key", ["aws:SourceVpce", "aws:SourceVpc", "aws:VpcSourceIp"])
def test_the_keys_of_the_way_come_from_the_way(region, network, private, key):
    """A bucket that lets only this endpoint, VPC or address write: the host is refused, a public instance too."""
    endpoint = network.gateway_endpoint(network.private_table)
    address = network.ec2.describe_instances(InstanceIds=[private])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    wanted = {"aws:SourceVpce": endpoint, "aws:SourceVpc": network.vpc, "aws:VpcSourceIp": address}[key]
    operator = "NotIpAddress" if key == "aws:VpcSourceIp" else "StringNotEquals"
    s3 = region.client("s3")
    bucket = f"way-{key[4:].lower()}-{network.vpc}"
    s3.create_bucket(Bucket=bucket)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {operator: {key: wanted}}}],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    assert "explicit deny in a resource-based policy" in refused.value.response["Error"]["Message"]
    forged = region.client("s3")

    def forge(request, **_):
        request.headers["X-Forwarded-For"] = address
        request.headers["X-Amz-Source-Vpce"] = endpoint

    forged.meta.events.register("before-sign.s3.PutObject", forge)
    with pytest.raises(ClientError):
        forged.put_object(Bucket=bucket, Key="x", Body=b"x")
    works(region, private, f"echo x | aws s3 cp - s3://{bucket}/x")
    s3.delete_object(Bucket=bucket, Key="x")
    s3.delete_bucket(Bucket=bucket)


def test_open_connections_are_cut_when_the_endpoint_goes(region, network, private):
    endpoint = network.gateway_endpoint(network.private_table)
    script = (
        "import socket,ssl,sys,time\n"
        "s=ssl.create_default_context().wrap_socket(socket.create_connection(('s3.us-east-1.amazonaws.com',443),5),server_hostname='s3.us-east-1.amazonaws.com')\n"
        "print('open',flush=True)\n"
        "s.settimeout(15)\n"
        "began=time.time()\n"
        "try:\n d=s.recv(1)\n print('closed' if not d else 'data')\n"
        "except ConnectionResetError: print('reset')\n"
        "except TimeoutError: print('timeout')\n"
    )
    region.run(private, f"cat > /root/hold.py", stdin=script)
    region.run(private, "setsid python3 /root/hold.py > /root/hold.log 2>&1 < /dev/null & for i in $(seq 100); do grep -q open /root/hold.log && exit 0; sleep 0.05; done; cat /root/hold.log; exit 1")
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    for _ in range(60):
        said = region.run(private, "cat /root/hold.log").stdout
        if said.count("\n") > 1:
            break
        time.sleep(0.1)
    assert "reset" in said or "closed" in said, said


def test_in_force_when_the_call_returns(region, network, private):
    """No waiting between the call and the packet."""
    for _ in range(3):
        endpoint = network.gateway_endpoint(network.private_table)
        works(region, private, "curl -sS -o /dev/null --max-time 3 https://s3.us-east-1.amazonaws.com/")
        network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        closed = region.run(private, "curl -sS -o /dev/null --connect-timeout 1 https://s3.us-east-1.amazonaws.com/", check=False)
        assert closed.returncode == 28, closed
