"""VPC peering on real packets: who reaches whom, and who does not. Judged inside instances, by bytes."""

import copy
import json

import pytest
from botocore.exceptions import ClientError

from network import Network
from test_interface_endpoint import STS, addresses, interfaces

HELLO = """
import socket
s = socket.create_server(("0.0.0.0", 8080))
while True:
    c, a = s.accept()
    c.sendall((a[0] + " asked\\n").encode())
    c.close()
"""
ASK = (
    "python3 -c 'import socket,sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2); "
    "print(s.makefile().readline().strip())' {} 8080"
)


def serve(region, instance):
    """A server on 8080 that tells each caller its address."""
    done = region.run(instance, f"cat > /tmp/hello.py <<'END'\n{HELLO}END\nnohup python3 /tmp/hello.py >/dev/null 2>&1 &\n"
                      "for i in $(seq 50); do (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null && exit 0; sleep 0.1; done; exit 1")
    return done


def hears(region, instance, address):
    """What the server at the address says, or None when nothing comes."""
    done = region.run(instance, ASK.format(address), check=False, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else None


def refused(error):
    return error.value.response["Error"]


@pytest.fixture
def far(region):
    """A second VPC."""
    network = Network(region)
    yield network
    network.remove()


class Pair:
    """Two VPCs with an instance each, in private subnets whose groups let everything in, and a server on the far one."""

    def __init__(self, region, near, far, far_region=None):
        self.region, self.near, self.far = region, near, far
        self.far_region = far_region or region
        self.client = self.run(near, near.group("client", ("tcp", 22, "0.0.0.0/0")))
        self.server = self.run(far, far.group("server", ("tcp", 8080, "0.0.0.0/0"), ("icmp", -1, "0.0.0.0/0")))
        serve(self.far_region, self.server["InstanceId"])
        self.peering = None

    def run(self, network, group):
        return network.instance(network.private, [group])

    def request(self):
        made = self.near.ec2.create_vpc_peering_connection(
            VpcId=self.near.vpc, PeerVpcId=self.far.vpc, PeerOwnerId=self.owner(self.far)
        )
        self.peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        return made["VpcPeeringConnection"]

    def owner(self, network):
        return network.ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["OwnerId"]

    def accept(self):
        return self.far.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=self.peering)

    def range_of(self, network):
        return network.ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["CidrBlock"]

    def route(self, network, other, destination=None):
        network.ec2.create_route(
            RouteTableId=network.private_table,
            DestinationCidrBlock=destination or self.range_of(other),
            VpcPeeringConnectionId=self.peering,
        )

    def joined(self):
        self.request()
        self.accept()
        self.route(self.near, self.far)
        self.route(self.far, self.near)
        return self

    def hears(self):
        return hears(self.region, self.client["InstanceId"], self.server["PrivateIpAddress"])

    def heard(self):
        return f"{self.client['PrivateIpAddress']} asked"

    def state(self, network):
        found = network.ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[self.peering])
        return found["VpcPeeringConnections"][0]["Status"]["Code"]

    def end(self):
        if self.peering and self.state(self.near) == "active":
            self.near.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=self.peering)


@pytest.fixture
def pair(region, network, far):
    pair = Pair(region, network, far)
    yield pair
    pair.end()


def test_both_route_tables_and_an_acceptance_make_the_way(pair):
    assert pair.hears() is None
    made = pair.request()
    assert made["Status"]["Code"] == "initiating-request" and "CidrBlock" not in made["AccepterVpcInfo"]
    pair.route(pair.near, pair.far)
    pair.route(pair.far, pair.near)
    routes = lambda: [
        r["State"]
        for r in pair.near.ec2.describe_route_tables(RouteTableIds=[pair.near.private_table])["RouteTables"][0]["Routes"]
        if r.get("VpcPeeringConnectionId")
    ]
    assert routes() == ["blackhole"] and pair.state(pair.far) == "pending-acceptance"
    assert pair.hears() is None
    assert pair.accept()["VpcPeeringConnection"]["Status"]["Code"] == "provisioning"
    pair.near.ec2.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[pair.peering])
    assert routes() == ["active"]
    assert pair.hears() == pair.heard()
    pair.far.ec2.delete_route(RouteTableId=pair.far.private_table, DestinationCidrBlock=pair.range_of(pair.near))
    assert pair.hears() is None, "the far table does not lead back"
    pair.route(pair.far, pair.near)
    assert pair.hears() == pair.heard()
    pair.far.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pair.peering)
    assert pair.hears() is None and routes() == ["blackhole"] and pair.state(pair.near) == "deleted"


def test_a_rule_names_a_group_of_the_peer(region, pair):
    pair.joined()
    server = pair.server["SecurityGroups"][0]["GroupId"]
    client = pair.client["SecurityGroups"][0]["GroupId"]
    everybody = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    pair.far.ec2.revoke_security_group_ingress(GroupId=server, IpPermissions=[everybody])
    assert pair.hears() is None
    member = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": client}]}
    pair.far.ec2.authorize_security_group_ingress(GroupId=server, IpPermissions=[member])
    assert pair.hears() == pair.heard()
    other = pair.near.instance(pair.near.private, [pair.near.group("stranger")])["InstanceId"]
    assert hears(region, other, pair.server["PrivateIpAddress"]) is None
    told = pair.far.ec2.describe_security_groups(GroupIds=[server])["SecurityGroups"][0]["IpPermissions"]
    named = next(p for p in told if p.get("FromPort") == 8080)["UserIdGroupPairs"][0]
    assert named["VpcId"] == pair.near.vpc and named["PeeringStatus"] == "active"
    assert pair.far.ec2.describe_stale_security_groups(VpcId=pair.far.vpc)["StaleSecurityGroupSet"] == []
    pair.near.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pair.peering)
    stale = pair.far.ec2.describe_stale_security_groups(VpcId=pair.far.vpc)["StaleSecurityGroupSet"]
    assert [group["GroupId"] for group in stale] == [server]


def test_no_gateway_of_the_peer_takes_packets_on(region, pair):
    """The far side has an internet gateway, a NAT gateway and a gateway endpoint, and uses them; the near side may not."""
    pair.joined()
    near, far = pair.near, pair.far
    address = far.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = far.ec2.create_nat_gateway(SubnetId=far.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    far.ec2.create_route(RouteTableId=far.private_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    far.gateway_endpoint(far.private_table)
    near.ec2.create_route(RouteTableId=near.private_table, DestinationCidrBlock="0.0.0.0/0", VpcPeeringConnectionId=pair.peering)
    fetch = "curl -sS -o /dev/null --connect-timeout 2 --max-time 5 "
    for url in ("http://example.com/", "https://s3.us-east-1.amazonaws.com/"):
        assert region.run(pair.server["InstanceId"], fetch + url, check=False).returncode == 0, url
        assert region.run(pair.client["InstanceId"], fetch + url, check=False).returncode == 28, url
    resolver = far.ec2.describe_vpcs(VpcIds=[far.vpc])["Vpcs"][0]["CidrBlock"].replace(".0.0/16", ".0.2")
    question = (
        "python3 -c 'import socket,sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); "
        'q = bytes.fromhex("123401000001000000000000") + b"\\x07example\\x03com\\x00\\x00\\x01\\x00\\x01"; '
        "s.sendto(q, (sys.argv[1], 53)); print(len(s.recv(512)))' "
    )
    assert region.run(pair.server["InstanceId"], question + resolver, check=False).returncode == 0
    assert region.run(pair.client["InstanceId"], question + resolver, check=False).returncode != 0
    far.ec2.delete_nat_gateway(NatGatewayId=nat)
    far.ec2.release_address(AllocationId=address)


def test_peering_is_not_transitive(region, pair):
    """near - far - third: near does not reach third, whatever its table says."""
    third = Network(region)
    try:
        pair.joined()
        group = third.group("open", ("tcp", 8080, "0.0.0.0/0"))
        beyond = third.instance(third.private, [group])
        serve(region, beyond["InstanceId"])
        made = third.ec2.create_vpc_peering_connection(VpcId=pair.far.vpc, PeerVpcId=third.vpc)
        onward = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        third.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=onward)
        for table, destination, peering in (
            (pair.far.private_table, pair.range_of(third), onward),
            (third.private_table, pair.range_of(pair.far), onward),
            (third.private_table, pair.range_of(pair.near), onward),
            (pair.near.private_table, pair.range_of(third), pair.peering),
        ):
            third.ec2.create_route(RouteTableId=table, DestinationCidrBlock=destination, VpcPeeringConnectionId=peering)
        assert hears(region, pair.server["InstanceId"], beyond["PrivateIpAddress"]) is not None
        assert hears(region, pair.client["InstanceId"], beyond["PrivateIpAddress"]) is None
        third.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=onward)
    finally:
        third.remove()


def test_an_interface_endpoint_of_the_peer_is_in_reach(region, pair):
    """By the endpoint's own names: private names stay in their VPC."""
    pair.joined()
    pair.far.dns_hostnames(True)
    listening = pair.far.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
    made = pair.far.interface_endpoint("sts", pair.far.private, groups=[listening], PrivateDnsEnabled=True)
    client = pair.client["InstanceId"]
    own = interfaces(pair.far, made)[0]["PrivateIpAddress"]
    regional = made["DnsEntries"][0]["DnsName"]
    assert addresses(region, client, regional) == {own}
    assert own not in addresses(region, client, STS)
    assert addresses(region, pair.server["InstanceId"], STS) == {own}
    pair.near.credentials(client)
    who = "AWS_MAX_ATTEMPTS=1 aws sts get-caller-identity --region us-east-1 --cli-connect-timeout 2 --query Account --output text"
    assert region.run(client, f"{who} --endpoint-url https://{regional}").stdout.strip() == pair.owner(pair.near)
    pair.far.ec2.delete_route(RouteTableId=pair.far.private_table, DestinationCidrBlock=pair.range_of(pair.near))
    lost = region.run(client, f"{who} --endpoint-url https://{regional}", check=False)
    assert lost.returncode != 0 and "onnect timeout" in lost.stderr, lost


def test_public_names_mean_private_addresses_if_the_owner_says_so(region, pair):
    pair.joined()
    for network in (pair.near, pair.far):
        network.dns_hostnames(True)
    public = pair.far.instance(pair.far.public, public=True)
    name = public["PublicDnsName"]
    client = pair.client["InstanceId"]
    assert addresses(region, client, name) == {public["PublicIpAddress"]}
    pair.far.ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=pair.peering, AccepterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True}
    )
    assert addresses(region, client, name) == {public["PrivateIpAddress"]}


def test_two_accounts(fresh):
    """The requester asks, the other account's owner accepts; after a kill the connection carries as before."""
    region = fresh("root")
    account = json.loads(region.postern("account", "create", "partner", "--json").stdout)["id"]
    partner = copy.copy(region)
    partner.environment = json.loads(region.postern("env", "--json", "--account", account).stdout)
    near, far = Network(region), Network(partner)
    pair = Pair(region, near, far, partner)
    pair.request()
    with pytest.raises(ClientError) as error:
        near.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pair.peering)
    assert refused(error)["Code"] == "OperationNotPermitted"
    pair.accept()
    pair.route(near, far)
    pair.route(far, near)
    assert pair.hears() == pair.heard()
    permission = {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "UserIdGroupPairs": [{"GroupId": pair.server["SecurityGroups"][0]["GroupId"], "UserId": account}],
    }
    near.ec2.authorize_security_group_ingress(GroupId=pair.client["SecurityGroups"][0]["GroupId"], IpPermissions=[permission])
    region.kill()
    region.up()
    region.wait_running(pair.client["InstanceId"])
    partner.wait_running(pair.server["InstanceId"])
    serve(region, pair.server["InstanceId"])
    assert pair.hears() == pair.heard()


def test_two_regions(region, network):
    """A VPC in us-east-1 and one in eu-west-1: packets by the same rules, but no group of the peer's in a rule."""
    far = Network(region, "eu-west-1")
    pair = Pair(region, network, far)
    try:
        assert pair.hears() is None
        made = network.ec2.create_vpc_peering_connection(VpcId=network.vpc, PeerVpcId=far.vpc, PeerRegion="eu-west-1")
        pair.peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        assert pair.state(network) == pair.state(far) == "pending-acceptance"
        # Only the region of the accepter can accept.
        with pytest.raises(ClientError):
            network.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pair.peering)
        assert pair.state(far) == "pending-acceptance"
        accepted = pair.accept()["VpcPeeringConnection"]
        assert (accepted["RequesterVpcInfo"]["Region"], accepted["AccepterVpcInfo"]["Region"]) == ("us-east-1", "eu-west-1")
        pair.route(network, far)
        assert pair.hears() is None, "the far side has no way back yet"
        pair.route(far, network)
        assert pair.hears() == pair.heard()
        # A large answer comes whole: both ends agree on what a packet may hold.
        region.run(pair.server["InstanceId"], "head -c 3000000 /dev/zero > /tmp/big && cd /tmp && "
                   "(nohup python3 -m http.server 8081 >/dev/null 2>&1 &) ; for i in $(seq 50); do "
                   "(exec 3<>/dev/tcp/127.0.0.1/8081) 2>/dev/null && exit 0; sleep 0.1; done; exit 1")
        fetch = f"curl -s --max-time 5 http://{pair.server['PrivateIpAddress']}:8081/big | wc -c"
        assert region.run(pair.client["InstanceId"], fetch).stdout.strip() == "0", "the group lets 8080 in only"
        group = pair.server["SecurityGroups"][0]["GroupId"]
        more = {"IpProtocol": "tcp", "FromPort": 8081, "ToPort": 8081}
        far.ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[{**more, "IpRanges": [{"CidrIp": pair.range_of(network)}]}])
        assert region.run(pair.client["InstanceId"], fetch).stdout.strip() == "3000000"
        client_group = pair.client["SecurityGroups"][0]["GroupId"]
        with pytest.raises(ClientError) as error:
            far.ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[{**more, "FromPort": 9, "ToPort": 9, "UserIdGroupPairs": [{"GroupId": client_group}]}])
        assert refused(error)["Code"] == "InvalidGroup.NotFound"
        far.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pair.peering)
        assert pair.hears() is None
        assert pair.state(network) == "deleted"
    finally:
        pair.end()
        far.remove()


def test_what_cannot_be_peered(root_region):
    ec2 = root_region.client("ec2")
    make = lambda cidr: ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    vpcs = near, twin = make("10.200.0.0/16"), make("10.200.128.0/17")
    request = lambda **more: ec2.create_vpc_peering_connection(VpcId=near, **more)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    describe = lambda *ids: ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=list(ids))["VpcPeeringConnections"]
    for peering in (request(PeerVpcId=twin), request(PeerVpcId="vpc-0123456789abcdef0", PeerOwnerId="222222222222")):
        assert describe(peering)[0]["Status"]["Code"] == "failed"
        with pytest.raises(ClientError) as error:
            ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        assert refused(error)["Code"] in ("InvalidStateTransition", "OperationNotPermitted")
    with pytest.raises(ClientError) as error:
        describe("pcx-0123456789abcdef0")
    assert refused(error)["Code"] == "InvalidVpcPeeringConnectionID.NotFound"
    for vpc in vpcs:
        ec2.delete_vpc(VpcId=vpc)
