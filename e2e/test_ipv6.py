"""IPv6 on real packets: instances, groups, ACLs and routes, and interface endpoints of both families. Judged inside
instances, by bytes."""

import ipaddress
import json
import re

import pytest
from botocore.exceptions import ClientError

from network import Network
from test_interface_endpoint import STS, interfaces

SERVER = """
import socket
s = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, a = s.accept()
    c.sendall((a[0] + " asked\\n").encode())
    c.close()
"""
ASK = (
    "python3 -c 'import socket,sys; s = socket.create_connection((sys.argv[1], 8080), 2); "
    "print(s.makefile().readline().strip())' {}"
)
SITE = "2606:2800:220:1:248:1893:25c8:1946"


def serve(region, instance):
    region.run(instance, f"cat > /tmp/hello.py <<'END'\n{SERVER}END\nnohup python3 /tmp/hello.py >/dev/null 2>&1 &\n"
               "for i in $(seq 50); do (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null && exit 0; sleep 0.1; done; exit 1")


def hears(region, instance, address):
    """What the server at the address says, or None when nothing comes."""
    done = region.run(instance, ASK.format(address), check=False, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else None


def explained(region, start, to):
    return json.loads(region.postern("explain", "--from", start, "--to", to, "--json").stdout)


def refused(error):
    return error.value.response["Error"]


class Dual(Network):
    """A VPC whose two subnets have IPv6 too."""

    def __init__(self, region):
        super().__init__(region)
        made = self.ec2.associate_vpc_cidr_block(VpcId=self.vpc, AmazonProvidedIpv6CidrBlock=True)
        assert made["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"]["State"] == "associating"
        (own,) = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
        self.association = own["AssociationId"]
        self.range = ipaddress.ip_network(own["Ipv6CidrBlock"])
        first, second, *_ = self.range.subnets(new_prefix=64)
        for subnet, part in ((self.public, first), (self.private, second)):
            self.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=str(part))
            self.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})

    def permit(self, group, *rules):
        """Ingress rules by (protocol, port, IPv6 range)."""
        for protocol, port, peer in rules:
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
                "IpProtocol": protocol, "FromPort": port, "ToPort": port, "Ipv6Ranges": [{"CidrIpv6": peer}],
            }])
        return group


@pytest.fixture
def dual(region):
    network = Dual(region)
    yield network
    network.remove()


def newer(instance):
    return instance["NetworkInterfaces"][0]["Ipv6Addresses"][0]["Ipv6Address"]


def test_instances_speak_ipv6_as_groups_and_acls_let_them(region, dual):
    client = dual.instance(dual.private, [dual.group("client")])
    server = dual.instance(dual.public, [dual.permit(dual.group("server"), ("tcp", 8080, str(dual.range)))])
    own, there = newer(client), newer(server)
    assert ipaddress.ip_address(own) in dual.range and server["Ipv6Address"] == there
    serve(region, server["InstanceId"])
    ask = lambda: hears(region, client["InstanceId"], there)
    assert ask() == f"{own} asked"
    # No rule of the group is for IPv4, for ping, or for another port.
    assert hears(region, client["InstanceId"], server["PrivateIpAddress"]) is None
    ping = f"ping -6 -c1 -W1 {there}"
    assert region.run(client["InstanceId"], ping, check=False).returncode != 0
    group = server["SecurityGroups"][0]["GroupId"]
    dual.permit(group, ("icmpv6", -1, f"{own}/128"))
    assert "1 received" in region.run(client["InstanceId"], ping).stdout
    # The default ACL let it through by its entry 101; one before it does not.
    (acl,) = dual.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [dual.public]}])["NetworkAcls"]
    shown = {(e["RuleNumber"], e["Egress"]): e for e in acl["Entries"] if "Ipv6CidrBlock" in e}
    assert set(shown) == {(101, True), (101, False), (32768, True), (32768, False)}
    entry = dict(NetworkAclId=acl["NetworkAclId"], RuleNumber=50, Egress=False)
    dual.ec2.create_network_acl_entry(**entry, Protocol="6", RuleAction="deny", Ipv6CidrBlock=f"{own}/128",
                                      PortRange={"From": 8080, "To": 8080})
    assert ask() is None
    told = explained(region, client["InstanceId"], f"[{there}]:8080")
    assert told["barred_by"]["stop"] == "network_acl_in" and told["barred_by"]["component"]["rule_number"] == 50
    dual.ec2.delete_network_acl_entry(**entry)
    assert ask() == f"{own} asked"
    # The address goes, and another comes.
    eni = server["NetworkInterfaces"][0]["NetworkInterfaceId"]
    dual.ec2.unassign_ipv6_addresses(NetworkInterfaceId=eni, Ipv6Addresses=[there])
    assert ask() is None
    (fresh,) = dual.ec2.assign_ipv6_addresses(NetworkInterfaceId=eni, Ipv6AddressCount=1)["AssignedIpv6Addresses"]
    assert hears(region, client["InstanceId"], fresh) == f"{own} asked" and fresh != there


def test_a_route_leads_out_to_the_internet(region, dual):
    instance = dual.instance(dual.public, [dual.group("out")])
    own = newer(instance)
    fetch = "curl -6 -s -m 3 http://example.com/"
    assert SITE in region.run(instance["InstanceId"], "getent ahostsv6 example.com").stdout
    assert region.run(instance["InstanceId"], fetch, check=False).returncode != 0
    assert explained(region, instance["InstanceId"], f"[{SITE}]:80")["barred_by"]["stop"] == "route_table"
    dual.ec2.create_route(RouteTableId=dual.public_table, DestinationIpv6CidrBlock="::/0", GatewayId=dual.igw)
    assert region.run(instance["InstanceId"], fetch).stdout != ""
    (table,) = dual.ec2.describe_route_tables(RouteTableIds=[dual.public_table])["RouteTables"]
    newest = {r["DestinationIpv6CidrBlock"]: r["GatewayId"] for r in table["Routes"] if "DestinationIpv6CidrBlock" in r}
    assert newest == {str(dual.range): "local", "::/0": dual.igw}
    told = explained(region, instance["InstanceId"], f"[{SITE}]:80")
    assert told["answered"] and told["arrival"] == {"who": "site", "seen_from": own}
    dual.ec2.delete_route(RouteTableId=dual.public_table, DestinationIpv6CidrBlock="::/0")
    assert region.run(instance["InstanceId"], fetch, check=False).returncode != 0


def test_metadata_tells_the_addresses(region, dual):
    instance = dual.instance(dual.private, [dual.group("m")])
    base = "http://169.254.169.254/latest/meta-data"
    get = lambda path: region.run(instance["InstanceId"], f"curl -s {base}/{path}").stdout.strip()
    mac = f"network/interfaces/macs/{instance['NetworkInterfaces'][0]['MacAddress']}"
    assert get("ipv6") == get(f"{mac}/ipv6s") == newer(instance)
    assert get(f"{mac}/vpc-ipv6-cidr-blocks") == str(dual.range)
    assert ipaddress.ip_network(get(f"{mac}/subnet-ipv6-cidr-blocks")).subnet_of(dual.range)


def test_a_client_reaches_a_service_by_ipv6_through_its_endpoint(region, dual):
    dual.dns_hostnames(True)
    instance = dual.instance(dual.private, [dual.group("client")])["InstanceId"]
    dual.credentials(instance)
    listening = dual.group("endpoint")
    made = dual.interface_endpoint("sts", dual.private, dual.public, groups=[listening], PrivateDnsEnabled=True,
                                   IpAddressType="dualstack")
    assert made["IpAddressType"] == "dualstack" and made["DnsOptions"]["DnsRecordIpType"] == "dualstack"
    enis = interfaces(dual, made)
    own = {eni["Ipv6Addresses"][0]["Ipv6Address"] for eni in enis}
    assert len(own) == 2 and all(eni["DenyAllIgwTraffic"] for eni in enis)
    look = lambda kind, name: set(region.run(instance, f"getent {kind} {name} | cut -d' ' -f1 | sort -u").stdout.split())
    described = dual.ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"][0]
    regional, *zonal = [entry["DnsName"] for entry in described["DnsEntries"] if entry["DnsName"] != STS]
    assert look("ahostsv6", STS) == own == look("ahostsv6", regional)
    assert set.union(*(look("ahostsv6", name) for name in zonal)) == own
    # Of the service's public names only those that the endpoint takes over have an IPv6 address.
    assert not [a for a in look("ahostsv6", "sqs.us-east-1.amazonaws.com") if not a.startswith("::ffff:")]
    who = "AWS_MAX_ATTEMPTS=1 timeout 30 aws sts get-caller-identity --query Account --output text --cli-connect-timeout 1"
    assert region.run(instance, who, check=False, timeout=60).returncode != 0
    dual.permit(listening, ("tcp", 443, str(dual.range)))
    # By IPv6 alone: the group has no rule for IPv4.
    account = region.run(instance, who, timeout=60).stdout.strip()
    assert re.fullmatch(r"\d{12}", account)
    told = explained(region, instance, STS)
    assert told["answered"] and told["arrival"]["who"] == made["VpcEndpointId"]
    # aws:VpcSourceIp is the IPv6 address: a policy of the endpoint tells.
    here = dual.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["Ipv6Address"]
    only = lambda address: json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                                                      "Condition": {"IpAddress": {"aws:VpcSourceIp": address}}}]})
    change = lambda **more: dual.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], **more)
    change(PolicyDocument=only("2600:dead::/32"))
    denied = region.run(instance, who, check=False, timeout=60)
    assert denied.returncode != 0 and "AccessDenied" in denied.stderr
    change(PolicyDocument=only(f"{here}/128"))
    assert region.run(instance, who, timeout=60).stdout.strip() == account
    # What the names mean is the endpoint's to say.
    change(DnsOptions={"DnsRecordIpType": "service-defined"})
    assert not [a for a in look("ahostsv6", STS) if not a.startswith("::ffff:")] and look("ahostsv6", regional) == own
    change(DnsOptions={"DnsRecordIpType": "ipv6"})
    assert look("ahostsv6", STS) == own
    change(IpAddressType="ipv4")
    assert not [a for a in look("ahostsv6", regional) if not a.startswith("::ffff:")]
    assert all(eni["Ipv6Addresses"] == [] for eni in interfaces(dual, made))
    assert region.run(instance, who, check=False, timeout=60).returncode != 0


def test_what_ipv6_cannot_do_is_refused_by_name(region, dual, network):
    part = str(list(dual.range.subnets(new_prefix=64))[2])
    def error(call, **input):
        with pytest.raises(ClientError) as error:
            call(**input)
        return refused(error)
    ec2 = dual.ec2
    assert error(ec2.disassociate_vpc_cidr_block, AssociationId=dual.association)["Code"] == "InvalidCidrBlock.InUse"
    assert error(ec2.create_subnet, VpcId=network.vpc, CidrBlock="10.200.0.0/24", Ipv6CidrBlock=part)["Code"] == "InvalidSubnet.Range"
    assert error(ec2.associate_subnet_cidr_block, SubnetId=dual.public, Ipv6CidrBlock=part)["Code"] == "CidrLimitExceeded"
    taken = str(next(dual.range.subnets(new_prefix=64)))
    assert error(ec2.associate_subnet_cidr_block, SubnetId=dual.private, Ipv6CidrBlock=taken)["Code"] == "InvalidSubnet.Conflict"
    missing = error(ec2.modify_subnet_attribute, SubnetId=network.private, AssignIpv6AddressOnCreation={"Value": True})
    assert missing["Code"] == "InvalidParameterValue" and "has no IPv6 CIDR block" in missing["Message"]
    endpoint = dict(VpcId=network.vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sts")
    assert error(ec2.create_vpc_endpoint, **endpoint, SubnetIds=[network.private], IpAddressType="dualstack")["Code"] == "InvalidParameter"
    assert error(ec2.create_vpc_endpoint, **endpoint, SubnetIds=[network.private], IpAddressType="ipv6")["Code"] == "InvalidParameter"
    for call, input in (
        (ec2.create_egress_only_internet_gateway, dict(VpcId=dual.vpc)),
        (ec2.create_subnet, dict(VpcId=dual.vpc, Ipv6Native=True, Ipv6CidrBlock=part)),
        (ec2.create_vpc, dict(CidrBlock="10.99.0.0/16", Ipv6Pool="x", Ipv6CidrBlock="2600:1::/56")),
    ):
        assert error(call, **input)["Code"] == "UnsupportedOperation", input
