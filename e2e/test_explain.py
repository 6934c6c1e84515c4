"""`postern explain`: it names the cause of every wrong turn, and what it suggests, run as printed, opens the way."""

import json
import os
import subprocess

import pytest

from region import VENV

S3 = "s3.us-east-1.amazonaws.com"
CONNECT = "timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null"


def explained(region, start, to, *words):
    return json.loads(region.postern("explain", "--from", start, "--to", to, "--json", *words).stdout)


def shell(region, command):
    """A command as the user would paste it."""
    environment = {"PATH": f"{VENV}/bin:{os.environ['PATH']}", "HOME": str(region.home), **region.environment}
    subprocess.run(["bash", "-ec", command], check=True, capture_output=True, timeout=60, env=environment)


def stop(trace):
    return trace["barred_by"] and trace["barred_by"]["stop"]


def connects(region, instance, host, port=443):
    return region.run(instance, CONNECT.format(host=host, port=port), check=False, timeout=30).returncode == 0


def repaired(region, instance, to, host, port=443):
    """Barred as explained; after the first suggestion, run as printed, neither explained nor found barred."""
    trace = explained(region, instance, to)
    assert not trace["answered"] and not connects(region, instance, host, port), trace
    assert trace["change"], trace
    for command in trace["change"][0]:
        assert command.startswith("aws ec2 "), command
        shell(region, command)
    after = explained(region, instance, to)
    assert after["answered"], (trace["change"], after)
    assert connects(region, instance, host, port), (trace["change"], after)
    return trace


@pytest.fixture
def private(network):
    return network.instance(network.private)["InstanceId"]


def test_no_way_to_s3(region, network, private):
    trace = repaired(region, private, S3, S3)
    assert stop(trace) == "route_table"
    assert "create-vpc-endpoint" in trace["change"][0][0]
    network.ec2.delete_vpc_endpoints(
        VpcEndpointIds=[e["VpcEndpointId"] for e in network.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["VpcEndpoints"]]
    )


def test_the_endpoint_on_the_wrong_table(region, network, private):
    endpoint = network.gateway_endpoint(network.public_table)
    assert stop(explained(region, private, endpoint)) == "route_table"
    trace = repaired(region, private, S3, S3)
    assert trace["change"][0] == [
        f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} --add-route-table-ids {network.private_table}"
    ]


def test_a_group_without_egress(region, network):
    closed = network.group("closed-explain", egress=False)
    instance = network.instance(network.private, [closed])["InstanceId"]
    network.gateway_endpoint(network.private_table)
    trace = repaired(region, instance, S3, S3)
    assert stop(trace) == "security_group_out" and trace["barred_by"]["code"] == "SG_HAS_NO_RULES"
    assert closed in trace["barred_by"]["why"] and "PrefixListIds" in trace["change"][0][0]


def test_an_acl_without_ephemeral_ports(region, network, private):
    network.gateway_endpoint(network.private_table)
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    network.ec2.create_network_acl_entry(**entry, RuleNumber=100, Egress=True, PortRange={"From": 443, "To": 443})
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.private]}])
    association = next(a for a in acls["NetworkAcls"][0]["Associations"] if a["SubnetId"] == network.private)
    network.ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )
    trace = repaired(region, private, S3, S3)
    bar = trace["barred_by"]
    assert (bar["stop"], bar["way"], bar["component"]["network_acl"]) == ("network_acl_in", "back", acl)
    assert bar["code"] == "SUBNET_ACL_RESTRICTION" and "From=1024,To=65535" in trace["change"][0][0]


def test_a_more_specific_route_wins_over_the_endpoint(region, network, private):
    endpoint = network.gateway_endpoint(network.private_table)
    address = explained(region, private, S3)["name"]["addresses"][0]
    network.ec2.create_route(RouteTableId=network.private_table, DestinationCidrBlock=f"{address}/32", GatewayId=network.igw)
    trace = repaired(region, private, endpoint, S3)
    assert stop(trace) == "internet_gateway" and "delete-route" in trace["change"][0][0]


def test_an_endpoint_whose_group_admits_nobody(region, network, private):
    network.dns_hostnames(True)
    group = network.group("deaf-explain")
    made = network.interface_endpoint("sts", network.private, groups=[group])
    endpoint = made["VpcEndpointId"]
    host = made["DnsEntries"][0]["DnsName"]
    trace = repaired(region, private, endpoint, host)
    assert stop(trace) == "security_group_in" and group in trace["barred_by"]["why"]
    assert "--source-group" in trace["change"][0][0]
    by_name = explained(region, private, host)
    assert by_name["answered"] and endpoint in by_name["name"]["why"]


def test_a_name_that_private_dns_would_lead_to_the_endpoint(region, network, private):
    group = network.group("open-explain", ("tcp", 443, "0.0.0.0/0"))
    network.interface_endpoint("sts", network.private, groups=[group], PrivateDnsEnabled=False)
    host = "sts.us-east-1.amazonaws.com"
    trace = repaired(region, private, host, host)
    assert stop(trace) == "route_table" and "private DNS" in trace["name"]["why"]
    assert any("--private-dns-enabled" in command for command in trace["change"][0])


def test_a_door_that_nobody_stands_behind(region, network):
    group = network.group("web-explain", ("tcp", 8080, "0.0.0.0/0"))
    client, server = (network.instance(network.public, [group])["InstanceId"] for _ in range(2))
    trace = explained(region, client, f"{server}:8080")
    assert (stop(trace), trace["change"]) == ("instance", []) and "listens on port 8080" in trace["barred_by"]["why"]
    region.run(server, "nohup python3 -m http.server 8080 >/dev/null 2>&1 & until bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080' 2>/dev/null; do :; done", timeout=30)
    trace = explained(region, client, f"{server}:8080")
    assert trace["answered"] and trace["arrival"]["who"] == server


def test_words_and_picture(region, network, private):
    svg = region.home / "way.svg"
    if region.mode == "rootless":
        svg = region.data / "way.svg"
    done = region.postern("explain", "--from", private, "--to", S3, "--svg", str(svg))
    assert "\x1b" not in done.stdout and "not answered: route_table bars the way" in done.stdout, done.stdout
    assert "to open the way:\n  aws ec2 " in done.stdout
    assert "<svg" in svg.read_text()
    matrix = region.postern("explain", "--matrix", "instances").stdout
    assert f"{private} reaches on tcp 443" in matrix
    wrong = region.postern("explain", "--from", "i-0123456789abcdef0", "--to", S3, check=False)
    assert wrong.returncode != 0 and "there is no i-0123456789abcdef0" in wrong.stderr
