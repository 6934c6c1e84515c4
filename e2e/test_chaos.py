"""A zone goes down and comes back: what is in it is silent, the rest goes on. Judged inside instances, by bytes."""

import json

import pytest
from botocore.exceptions import ClientError

from network import Network
from test_interface_endpoint import STS, addresses, interfaces
from test_peering import hears, serve

FETCH = "curl -sS -o /dev/null --connect-timeout 2 --max-time 5 https://{}/"


def az(region, zone, way, *more, check=True):
    return region.postern("chaos", "az", zone, way, *more, check=check)


def reaches(region, instance, name):
    return region.run(instance, FETCH.format(name), check=False).returncode == 0


@pytest.fixture
def region(fresh, request):
    """A region of its own: a zone is down for everybody in it."""
    return fresh("root")


def test_a_zone_that_is_down_is_silent_and_the_rest_goes_on(region):
    """An endpoint in two zones, a client and a server in each."""
    network = Network(region)
    network.dns_hostnames(True)
    open_ = network.group("open", ("tcp", 8080, "0.0.0.0/0"), ("tcp", 443, "0.0.0.0/0"), ("tcp", 22, "0.0.0.0/0"))
    here, beside, there = (network.instance(s, [open_]) for s in (network.private, network.private, network.public))
    for instance in (here, beside, there):
        serve(region, instance["InstanceId"])
    made = network.interface_endpoint("sts", network.private, network.public, groups=[open_], PrivateDnsEnabled=True)
    regional, *zonal = [e["DnsName"] for e in made["DnsEntries"] if e["DnsName"].startswith("vpce-")]
    dead_name = next(name for name in zonal if "us-east-1a." in name)
    live_name = next(name for name in zonal if "us-east-1b." in name)
    by_zone = {eni["AvailabilityZone"]: eni["PrivateIpAddress"] for eni in interfaces(network, made)}
    client = here["InstanceId"]
    ask = lambda source, target: hears(region, source["InstanceId"], target["PrivateIpAddress"])

    assert ask(here, there) and ask(there, here) and ask(here, beside)
    assert reaches(region, client, dead_name) and reaches(region, client, live_name)
    assert addresses(region, client, regional) == set(by_zone.values()) == addresses(region, client, STS)

    assert az(region, "us-east-1a", "--down").stdout == "us-east-1a is down\n"
    assert ask(here, there) is None and ask(there, here) is None
    assert ask(here, beside) == f"{here['PrivateIpAddress']} asked", "the other zone goes on"
    assert not reaches(region, client, dead_name), "the zonal name leads into the dead zone"
    assert addresses(region, client, dead_name) == {by_zone["us-east-1a"]}
    assert addresses(region, client, regional) == {by_zone["us-east-1b"]} == addresses(region, client, STS)
    for name in (live_name, regional, STS):
        assert reaches(region, client, name), name
    assert not reaches(region, there["InstanceId"], STS), "an instance in the zone reaches nothing"
    assert region.run(there["InstanceId"], "curl -sS --max-time 2 http://169.254.169.254/", check=False).returncode != 0

    zones = {z["ZoneName"]: z["State"] for z in network.ec2.describe_availability_zones()["AvailabilityZones"]}
    assert zones["us-east-1a"] == "unavailable" and zones["us-east-1b"] == "available"
    status = lambda i: network.ec2.describe_instance_status(InstanceIds=[i["InstanceId"]])["InstanceStatuses"][0]
    assert status(there)["SystemStatus"]["Status"] == "impaired" and status(here)["SystemStatus"]["Status"] == "ok"
    with pytest.raises(ClientError) as error:
        network.instance(network.public, [open_])
    assert error.value.response["Error"]["Code"] == "InsufficientInstanceCapacity"
    assert json.loads(region.postern("status", "--json").stdout)["zones_down"] == ["us-east-1a"]
    assert "zones down     us-east-1a" in region.postern("status").stdout

    assert az(region, "us-east-1a", "--down").stdout == "us-east-1a is down already\n"
    assert json.loads(az(region, "us-east-1a", "--up", "--json").stdout) == {
        "zone": "us-east-1a", "down": False, "changed": True,
    }
    assert ask(here, there) == f"{here['PrivateIpAddress']} asked" and ask(there, here)
    assert reaches(region, client, dead_name) and reaches(region, there["InstanceId"], STS)
    assert addresses(region, client, regional) == set(by_zone.values())
    assert "zones down" not in region.postern("status").stdout
    network.remove()


def test_a_nat_gateway_goes_with_its_zone(region):
    network = Network(region)
    address = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = network.ec2.create_nat_gateway(SubnetId=network.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    network.ec2.create_route(RouteTableId=network.private_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    private = network.instance(network.private)["InstanceId"]
    out = lambda: region.run(private, "curl -sS -o /dev/null --connect-timeout 2 --max-time 5 http://example.com/", check=False)
    assert out().returncode == 0
    az(region, "us-east-1a", "--down")
    assert out().returncode == 28
    az(region, "us-east-1a", "--up")
    assert out().returncode == 0


def test_an_outage_outlives_the_daemon(region):
    """It is part of the region's state: only --up ends it."""
    network = Network(region)
    open_ = network.group("open", ("tcp", 8080, "0.0.0.0/0"))
    here, there = network.instance(network.private, [open_]), network.instance(network.public, [open_])
    az(region, "us-east-1a", "--down")
    region.kill()
    region.up()
    region.wait_running(here["InstanceId"], there["InstanceId"])
    serve(region, there["InstanceId"])
    assert hears(region, here["InstanceId"], there["PrivateIpAddress"]) is None
    az(region, "us-east-1a", "--up")
    assert hears(region, here["InstanceId"], there["PrivateIpAddress"]) is not None


def test_wrong_words(region):
    for zone, way, said in (("us-east-1z", "--down", "us-east-1a"), ("mars", "--up", "there is no zone mars")):
        done = az(region, zone, way, check=False)
        assert done.returncode == 1 and said in done.stderr, done
    neither = region.postern("chaos", "az", "us-east-1a", check=False)
    assert neither.returncode == 2 and "--down" in neither.stderr, neither
    assert "--down" in region.postern("chaos", "az", "--help").stdout
