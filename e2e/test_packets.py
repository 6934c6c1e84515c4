"""Packets between instances, the internet and NAT: each case positive with a negative beside it, judged by bytes."""

import pytest

LISTEN = "setsid python3 -c \"import socketserver as s\nclass H(s.BaseRequestHandler):\n def handle(self): self.request.sendall(('from '+self.client_address[0]).encode())\ns.TCPServer.allow_reuse_address=True\ns.ThreadingTCPServer(('0.0.0.0',{port}),H).serve_forever()\" > /dev/null 2>&1 < /dev/null & for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit 0; sleep 0.05; done; exit 1"
ASK = "python3 -c \"import socket; s=socket.create_connection(('{host}',{port}),2); s.settimeout(2); print(s.recv(99).decode())\""


def listen(region, instance, port=8000):
    region.run(instance, LISTEN.format(port=port))


def hears(region, instance, host, port=8000):
    return region.run(instance, ASK.format(host=host, port=port)).stdout.strip()


def hears_nothing(region, instance, host, port=8000):
    done = region.run(instance, ASK.format(host=host, port=port), check=False)
    assert done.returncode != 0 and "timed out" in done.stderr, done.stdout + done.stderr


def ip(instance):
    return instance["PrivateIpAddress"]


def test_groups_decide_between_instances(region, network):
    client_group = network.group("client")
    by_group = network.group("by-group", ("tcp", 8000, client_group))
    client = network.instance(network.private, [client_group])
    stranger = network.instance(network.private)
    server = network.instance(network.public, [by_group])
    listen(region, server["InstanceId"])
    listen(region, server["InstanceId"], 8001)
    assert hears(region, client["InstanceId"], ip(server)) == f"from {ip(client)}"
    hears_nothing(region, client["InstanceId"], ip(server), 8001)
    hears_nothing(region, stranger["InstanceId"], ip(server))
    network.ec2.authorize_security_group_ingress(GroupId=by_group, IpProtocol="tcp", FromPort=8001, ToPort=8001, CidrIp=f"{ip(client)}/32")
    assert hears(region, client["InstanceId"], ip(server), 8001) == f"from {ip(client)}"


def test_same_subnet_neighbours_meet_without_the_acl(region, network):
    group = network.group("open", ("tcp", 8000, "0.0.0.0/0"))
    a, b = network.instance(network.private, [group]), network.instance(network.private, [group])
    far = network.instance(network.public, [group])
    for server in (b, far):
        listen(region, server["InstanceId"])
    assert hears(region, a["InstanceId"], ip(b)) == f"from {ip(a)}"
    assert hears(region, a["InstanceId"], ip(far)) == f"from {ip(a)}"
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [network.private]}])
    association = next(x for x in acls["NetworkAcls"][0]["Associations"] if x["SubnetId"] == network.private)
    network.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    assert hears(region, a["InstanceId"], ip(b)) == f"from {ip(a)}"
    hears_nothing(region, a["InstanceId"], ip(far))


def test_the_internet_needs_gateway_route_and_public_address(region, network):
    public = network.instance(network.public, public=True)
    no_address = network.instance(network.public)
    private = network.instance(network.private)
    address = public["PublicIpAddress"]
    assert region.run(public["InstanceId"], "curl -sS --max-time 5 http://checkip.amazonaws.com/").stdout.strip() == address
    assert "example.com" in region.run(public["InstanceId"], "curl -sS --max-time 5 http://example.com/").stdout
    assert region.run(public["InstanceId"], "ping -c 1 -W 2 example.com").returncode == 0
    for instance in (no_address, private):
        done = region.run(instance["InstanceId"], "curl -sS --connect-timeout 2 http://example.com/", check=False)
        assert done.returncode == 28, done
    elastic = network.ec2.allocate_address(Domain="vpc")
    network.ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=no_address["InstanceId"])
    seen = region.run(no_address["InstanceId"], "curl -sS --max-time 5 http://checkip.amazonaws.com/").stdout.strip()
    assert seen == elastic["PublicIp"]
    network.ec2.disassociate_address(
        AssociationId=network.ec2.describe_addresses(AllocationIds=[elastic["AllocationId"]])["Addresses"][0]["AssociationId"]
    )
    done = region.run(no_address["InstanceId"], "curl -sS --connect-timeout 2 http://example.com/", check=False)
    assert done.returncode == 28, done
    network.ec2.release_address(AllocationId=elastic["AllocationId"])


def test_hairpin_shows_the_public_source(region, network):
    group = network.group("hairpin", ("tcp", 8000, "0.0.0.0/0"))
    a, b = network.instance(network.public, [group], public=True), network.instance(network.public, [group], public=True)
    listen(region, b["InstanceId"])
    assert hears(region, a["InstanceId"], b["PublicIpAddress"]) == f"from {a['PublicIpAddress']}"
    assert hears(region, a["InstanceId"], ip(b)) == f"from {ip(a)}"


def test_a_nat_gateway_opens_the_way_out_and_not_in(region, network):
    private = network.instance(network.private)
    elastic = network.ec2.allocate_address(Domain="vpc")
    nat = network.ec2.create_nat_gateway(SubnetId=network.public, AllocationId=elastic["AllocationId"])["NatGateway"]["NatGatewayId"]
    network.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    closed = region.run(private["InstanceId"], "curl -sS --connect-timeout 2 http://checkip.amazonaws.com/", check=False)
    assert closed.returncode == 28, closed
    network.ec2.create_route(RouteTableId=network.private_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    seen = region.run(private["InstanceId"], "curl -sS --max-time 5 http://checkip.amazonaws.com/").stdout.strip()
    assert seen == elastic["PublicIp"]
    outside = network.instance(network.public, public=True)
    listen(region, private["InstanceId"])
    hears_nothing(region, outside["InstanceId"], elastic["PublicIp"])
    network.ec2.delete_route(RouteTableId=network.private_table, DestinationCidrBlock="0.0.0.0/0")
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    network.ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    network.ec2.release_address(AllocationId=elastic["AllocationId"])


def test_sources_are_checked(region, network):
    group = network.group("icmp", ("icmp", 0, "0.0.0.0/0"), ("tcp", 8000, "0.0.0.0/0"))
    a, b = network.instance(network.private, [group]), network.instance(network.private, [group])
    assert region.run(a["InstanceId"], f"ping -c 1 -W 2 {ip(b)}").returncode == 0
    forged = ip(a).rsplit(".", 1)[0] + ".200"
    region.run(a["InstanceId"], f"ip addr add {forged}/32 dev lo")
    done = region.run(a["InstanceId"], f"ping -c 1 -W 2 -I {forged} {ip(b)}", check=False)
    assert done.returncode != 0, done


def test_an_appliance_forwards_once_its_check_is_off(region, network):
    group = network.group("any", ("-1", 0, "0.0.0.0/0"))
    middle = network.instance(network.public, [group])
    client = network.instance(network.private, [group])
    eni = middle["NetworkInterfaces"][0]["NetworkInterfaceId"]
    target = "192.0.2.7"
    region.run(middle["InstanceId"], f"ip addr add {target}/32 dev lo")
    listen(region, middle["InstanceId"])
    network.ec2.create_route(RouteTableId=network.private_table, DestinationCidrBlock=f"{target}/32", NetworkInterfaceId=eni)
    hears_nothing(region, client["InstanceId"], target)
    network.ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": False})
    assert hears(region, client["InstanceId"], target) == f"from {ip(client)}"
    network.ec2.delete_route(RouteTableId=network.private_table, DestinationCidrBlock=f"{target}/32")


def test_vpcs_with_the_same_range_do_not_meet(region, network):
    ec2 = network.ec2
    group = network.group("all", ("-1", 0, "0.0.0.0/0"))
    here = network.instance(network.private, [group])
    cidr = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["CidrBlock"]
    twin = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=twin, CidrBlock=ec2.describe_subnets(SubnetIds=[network.private])["Subnets"][0]["CidrBlock"])["Subnet"]["SubnetId"]
    wanted = ip(here).rsplit(".", 1)[0] + ".77"
    there = ec2.run_instances(ImageId=network.image(), MinCount=1, MaxCount=1, SubnetId=subnet, PrivateIpAddress=wanted)["Instances"][0]["InstanceId"]
    neighbour = ec2.run_instances(ImageId=network.image(), MinCount=1, MaxCount=1, SubnetId=network.private, PrivateIpAddress=wanted, SecurityGroupIds=[group])["Instances"][0]["InstanceId"]
    network.instances.append(neighbour)
    region.wait_running(there, neighbour)
    listen(region, there)
    listen(region, neighbour, 8001)
    done = region.run(here["InstanceId"], ASK.format(host=wanted, port=8000), check=False)
    assert done.returncode != 0
    assert hears(region, here["InstanceId"], wanted, 8001) == f"from {ip(here)}"
    ec2.terminate_instances(InstanceIds=[there])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[there], WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=twin)


def test_a_dead_route_is_a_black_hole(region, network):
    public = network.instance(network.public, public=True)
    assert region.run(public["InstanceId"], "curl -sS --max-time 5 http://example.com/ -o /dev/null").returncode == 0
    network.ec2.create_route(RouteTableId=network.public_table, DestinationCidrBlock="93.184.0.0/16", NetworkInterfaceId=network.ec2.create_network_interface(SubnetId=network.private)["NetworkInterface"]["NetworkInterfaceId"])
    routes = network.ec2.describe_route_tables(RouteTableIds=[network.public_table])["RouteTables"][0]["Routes"]
    assert [r["State"] for r in routes if r.get("DestinationCidrBlock") == "93.184.0.0/16"] == ["blackhole"]
    done = region.run(public["InstanceId"], "curl -sS --connect-timeout 2 http://example.com/", check=False)
    assert done.returncode == 28, done
    network.ec2.delete_route(RouteTableId=network.public_table, DestinationCidrBlock="93.184.0.0/16")
    assert region.run(public["InstanceId"], "curl -sS --max-time 5 http://example.com/ -o /dev/null").returncode == 0


def test_names(region, network):
    a = network.instance(network.private)
    inside = a["InstanceId"]
    name = "ip-" + ip(a).replace(".", "-")
    assert a["PrivateDnsName"] == f"{name}.ec2.internal"
    assert ip(a) in region.run(inside, f"getent ahostsv4 {name}.ec2.internal").stdout
    assert ip(a) in region.run(inside, f"getent ahostsv4 {name}").stdout
    for known in ("s3.us-east-1.amazonaws.com", "s3.amazonaws.com", "some-bucket.s3.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com", "example.com"):
        assert region.run(inside, f"getent ahostsv4 {known}").stdout, known
    assert region.run(inside, "getent ahostsv4 nothing.example.invalid", check=False).returncode != 0
    assert region.run(inside, "grep nameserver /etc/resolv.conf").stdout.split()[1].endswith(".0.2")
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsSupport={"Value": False})
    assert region.run(inside, "timeout 8 getent ahostsv4 s3.us-east-1.amazonaws.com", check=False).returncode != 0
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsSupport={"Value": True})
    assert region.run(inside, "getent ahostsv4 s3.us-east-1.amazonaws.com").stdout


@pytest.mark.parametrize("protocol", ["tcp"])
def test_stateful_groups_let_flows_go_on(region, network, protocol):
    """A rule that goes does not end a flow that it admitted; a new flow finds the door shut."""
    group = network.group("stateful", (protocol, 8000, "0.0.0.0/0"))
    server, client = network.instance(network.private, [group]), network.instance(network.private)
    echo = (
        "import socket\ns=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); s.bind(('0.0.0.0',8000)); s.listen()\n"
        "while True:\n c,_=s.accept()\n import threading\n threading.Thread(target=lambda c=c:[c.sendall(d) for d in iter(lambda:c.recv(9),b'')]).start()\n"
    )
    region.run(server["InstanceId"], "cat > /root/echo.py", stdin=echo)
    region.run(server["InstanceId"], "setsid python3 /root/echo.py > /dev/null 2>&1 < /dev/null & for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null && exit 0; sleep 0.05; done; exit 1")
    hold = (
        f"import socket,time,os\ns=socket.create_connection(('{ip(server)}',8000),3); s.settimeout(3)\n"
        "s.sendall(b'one'); print(s.recv(9).decode(),flush=True)\n"
        "while not os.path.exists('/root/go'): time.sleep(.05)\n"
        "s.sendall(b'two'); print(s.recv(9).decode(),flush=True)\n"
    )
    region.run(client["InstanceId"], "cat > /root/hold.py", stdin=hold)
    region.run(client["InstanceId"], "setsid python3 /root/hold.py > /root/hold.log 2>&1 < /dev/null & for i in $(seq 50); do grep -q one /root/hold.log && exit 0; sleep 0.1; done; exit 1")
    network.ec2.revoke_security_group_ingress(GroupId=group, IpProtocol=protocol, FromPort=8000, ToPort=8000, CidrIp="0.0.0.0/0")
    hears_nothing(region, client["InstanceId"], ip(server))
    region.run(client["InstanceId"], "touch /root/go; for i in $(seq 50); do grep -q two /root/hold.log && exit 0; sleep 0.1; done; cat /root/hold.log; exit 1")
