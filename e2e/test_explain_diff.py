"""`postern explain --diff`: what a change would open and close; then it is made, and packets find it so."""

import json
import re

import pytest

CONNECT = "timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null"
LISTEN = (
    "nohup python3 -m http.server {port} >/dev/null 2>&1 & "
    "for n in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit; sleep 0.1; done; exit 1"
)


def connects(region, instance, host, port):
    return region.run(instance, CONNECT.format(host=host, port=port), check=False, timeout=30).returncode == 0


def diff(region, text, code=0):
    file = region.home / "change"
    file.write_text(text)
    done = region.postern("explain", "--diff", str(file), "--json", check=False)
    assert done.returncode == code, done
    return json.loads(done.stdout)


def ways(changes):
    return {(one["from"], one["to"], one["what"]): one["stop"] for one in changes}


@pytest.fixture
def pair(region, network):
    client_group, server_group = network.group("diff-client"), network.group("diff-server", ("tcp", 8080, "0.0.0.0/0"))
    client = network.instance(network.public, [client_group], public=True)
    server = network.instance(network.private, [server_group])
    for port in (8080, 5432):
        region.run(server["InstanceId"], LISTEN.format(port=port))
    return client, server, client_group, server_group


def test_commands_are_tried_before_they_are_run(region, network, pair):
    client, server, client_group, server_group = pair
    start, end, host = client["InstanceId"], server["InstanceId"], server["PrivateIpAddress"]
    command = f"ec2 authorize-security-group-ingress --group-id {server_group} --protocol tcp --port 5432 --source-group {client_group}"
    told = diff(region, f"# open the database\naws {command}\n")
    assert told["done"] == 1 and told["not_done"] == [] and told["closed"] == []
    assert ways(told["opened"]) == {(start, end, "tcp:5432"): "security_group_in"}
    # Nothing was changed by asking; then it is, and is as told.
    assert not connects(region, start, host, 5432)
    region.aws(*command.split())
    assert connects(region, start, host, 5432)
    deny = (
        f"aws ec2 create-network-acl-entry --network-acl-id {acl_of(network)} --ingress --rule-number 50 \\\n"
        "  --protocol tcp --port-range From=8080,To=8080 --cidr-block 0.0.0.0/0 --rule-action deny\n"
    )
    told = diff(region, deny)
    assert ways(told["closed"])[(start, end, "tcp:8080")] == "network_acl_in" and told["opened"] == []
    assert connects(region, start, host, 8080)
    words = region.postern("explain", "--diff", str(region.home / "change")).stdout
    assert f"closed  {start} > {end} tcp:8080" in words and "network_acl_in closes it" in words, words
    endpoint = f"aws ec2 create-vpc-endpoint --vpc-id {network.vpc} --service-name com.amazonaws.us-east-1.s3 --route-table-ids {network.private_table}"
    told = diff(region, endpoint)
    # The service is asked for by its name, from the instance whose table changes alone.
    (one,) = told["opened"]
    assert (one["from"], one["to"], one["what"]) == (end, "s3.us-east-1.amazonaws.com", "tcp:443") and one["stop"] == "route_table"
    assert one["table"] == network.private_table and one["new"] == [one["leads_to"]] and one["leads_to"].startswith("vpce-")
    assert told["moved"] == [] and told["closed"] == []
    words = region.postern("explain", "--diff", str(region.home / "change")).stdout
    assert re.search(rf"\({network.private_table} leads to vpce-[0-9a-f]{{17}}, which is new\)", words), words
    # Where there is another way already it is told that the service is reached by another one.
    told = diff(region, endpoint.replace(network.private_table, network.public_table))
    (one,) = told["moved"]
    assert (one["from"], one["before"]) == (start, "its public address") and one["after"] == one["leads_to"], one
    assert told["opened"] == [] and told["closed"] == []
    door = network.group("diff-door", ("tcp", 443, "0.0.0.0/0"))
    interface = (
        f"aws ec2 create-vpc-endpoint --vpc-id {network.vpc} --vpc-endpoint-type Interface --service-name com.amazonaws.us-east-1.sts"
        f" --subnet-ids {network.private} --security-group-ids {door} --no-private-dns-enabled"
    )
    told = diff(region, interface)
    assert {one["from"] for one in told["opened"]} == {start, end}
    assert all(one["stop"] is None and one["new"] == [one["to"]] for one in told["opened"]), told
    words = region.postern("explain", "--diff", str(region.home / "change")).stdout
    assert f"{end} > {one_of(told)} tcp:443: {one_of(told)} is new" in re.sub("vpce-[0-9a-f]{17}", one_of(told), words), words
    made = network.interface_endpoint("sts", network.private, groups=[door], PrivateDnsEnabled=False)["VpcEndpointId"]
    told = diff(region, f"aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {made}")
    assert told["closed"] and all(one["gone"] == [made] and one["stop"] is None for one in told["closed"]), told


def one_of(told):
    return told["opened"][0]["to"]


def acl_of(network):
    acls = network.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["NetworkAcls"]
    return acls[0]["NetworkAclId"]


def test_what_is_not_understood_is_named(region, network, pair):
    _, _, _, server_group = pair
    text = "\n".join([
        "terraform apply",
        "aws s3 mb s3://x",
        "aws ec2 authorize-security-group-ingress --group-id $(cat id) --protocol tcp --port 1 --cidr 0.0.0.0/0",
        f"aws ec2 authorize-security-group-ingress --group-id {server_group} --prot tcp",
        "aws ec2 delete-security-group --group-id sg-00000000000000001",
        "aws ec2 describe-vpcs",
    ])
    told = diff(region, text, code=1)
    assert told["done"] == 1 and told["opened"] == [] and told["closed"] == []
    why = [one["why"] for one in told["not_done"]]
    assert len(why) == 5 and why[0] == why[1] == "only `aws ec2` commands are understood"
    assert "write the ids" in why[2] and "no option --prot" in why[3] and why[4].startswith("InvalidGroup.NotFound"), why
    nothing = region.postern("explain", "--diff", "/nowhere/at/all", check=False)
    assert nothing.returncode != 0 and "/nowhere/at/all" in nothing.stderr


def change(address, before, after, unknown=None):
    kind = address.split(".")[0]
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "address": address, "mode": "managed", "type": kind,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown or {}},
    }


def test_a_terraform_plan_is_tried_before_it_is_applied(region, network, pair):
    client, server, client_group, server_group = pair
    start, end = client["InstanceId"], server["InstanceId"]
    rule = {"security_group_id": server_group, "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432, "referenced_security_group_id": client_group}
    group_before = {
        "id": server_group, "vpc_id": network.vpc, "egress": [],
        "ingress": [{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": ["0.0.0.0/0"], "security_groups": [], "self": False}],
    }
    table = {"vpc_id": network.vpc}
    route = {"destination_cidr_block": "0.0.0.0/0", "gateway_id": network.igw}
    plan = {
        "resource_changes": [
            change("aws_vpc_security_group_ingress_rule.db", None, rule),
            change("aws_security_group.server", group_before, group_before | {"ingress": []}),
            change("aws_route.out", None, route, {"route_table_id": True}),
            change("aws_route_table.out", None, table, {"id": True}),
            change("aws_vpc_endpoint.s3", None, {"vpc_id": network.vpc, "service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Gateway", "route_table_ids": [network.private_table]}),
            change("aws_lb.front", None, {"name": "x"}),
            {"address": "data.aws_vpc.x", "mode": "data", "type": "aws_vpc", "change": {"actions": ["read"], "before": None, "after": {}}},
        ],
        "configuration": {"root_module": {"resources": [
            {"address": "aws_route.out", "expressions": {"route_table_id": {"references": ["aws_route_table.out.id", "aws_route_table.out"]}}},
        ]}},
    }
    told = diff(region, json.dumps(plan), code=1)
    assert [one["written"] for one in told["not_done"]] == ["aws_lb.front (create)"], told["not_done"]
    assert told["done"] == 5
    assert ways(told["opened"])[(start, end, "tcp:5432")] == "security_group_in"
    assert ways(told["closed"])[(start, end, "tcp:8080")] == "security_group_in"
    assert ways(told["opened"])[(end, "s3.us-east-1.amazonaws.com", "tcp:443")] == "route_table"
    refused = region.postern("explain", "--diff", str(write(region, "{\"a\": 1}")), check=False)
    assert refused.returncode != 0 and "resource_changes" in refused.stderr


def replaced(one):
    return one | {"change": one["change"] | {"actions": ["delete", "create"]}}


def test_a_plan_with_modules_updates_and_replacements(region, network, pair):
    client, server, client_group, server_group = pair
    start, end = client["InstanceId"], server["InstanceId"]
    table = "module.net.aws_route_table.private[0]"
    association = network.ec2.describe_route_tables(RouteTableIds=[network.public_table])["RouteTables"][0]["Associations"][0]
    old = {"id": "sgr-old", "security_group_id": server_group, "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_ipv4": "0.0.0.0/0"}
    wider = {"security_group_id": server_group, "ip_protocol": "tcp", "from_port": 9000, "to_port": 9000, "cidr_ipv4": "0.0.0.0/0"}
    endpoint = network.gateway_endpoint(network.private_table)
    gateway = {"id": endpoint, "vpc_id": network.vpc, "service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Gateway"}
    changes = [
        # A table of one module, whose id goes through its output and another module's variable.
        change(table, None, {"vpc_id": network.vpc}, {"id": True}),
        change("module.ways.module.inner.aws_route_table_association.here", None, {"subnet_id": network.private}, {"route_table_id": True}),
        # A rule that becomes another, an endpoint that is replaced, and an association that is updated.
        replaced(change("aws_vpc_security_group_ingress_rule.web", old, wider)),
        replaced(change("aws_vpc_endpoint.s3", gateway | {"route_table_ids": [network.private_table]}, gateway | {"id": None, "route_table_ids": []}, {"id": True, "route_table_ids": [True]})),
        change(
            "aws_route_table_association.public",
            {"id": association["RouteTableAssociationId"], "subnet_id": network.public, "route_table_id": network.public_table},
            {"id": association["RouteTableAssociationId"], "subnet_id": network.public, "route_table_id": network.private_table},
        ),
    ]
    for one in changes:
        one["type"] = one["address"].split("[")[0].split(".")[-2]
    references = lambda *names: {"references": list(names)}
    inner = {"resources": [{"address": "aws_route_table_association.here", "expressions": {"route_table_id": references("var.table_id")}}]}
    net = {"resources": [{"address": "aws_route_table.private", "expressions": {}}], "outputs": {"table_id": {"expression": references("aws_route_table.private[0].id", "aws_route_table.private[0]", "aws_route_table.private")}}}
    root = {
        "resources": [{"address": "aws_vpc_endpoint.s3", "expressions": {"route_table_ids": references("module.net.table_id", "module.net")}}],
        "module_calls": {
            "net": {"module": net},
            "ways": {
                "expressions": {"table": references("module.net.table_id", "module.net")},
                "module": {"module_calls": {"inner": {"expressions": {"table_id": references("var.table")}, "module": inner}}},
            },
        },
    }
    planned = {"root_module": {"child_modules": [{"address": "module.net", "resources": []}]}}
    plan = {"resource_changes": changes, "configuration": {"root_module": root}, "planned_values": planned}
    told = diff(region, json.dumps(plan))
    assert told["not_done"] == [], told["not_done"]
    assert ways(told["closed"])[(start, end, "tcp:8080")] == "security_group_in"
    assert ways(told["opened"])[(start, end, "tcp:9000")] == "security_group_in"
    # The public subnet is on the private table now, and has no way out.
    assert ways(told["closed"])[(start, "example.com", "tcp:80")] == "route_table", told["closed"]
    # The new endpoint is in the new table, which is the private subnet's: the service is reached by another endpoint.
    (moved,) = [one for one in told["moved"] if one["from"] == end]
    assert moved["before"] == endpoint and moved["after"] != endpoint and moved["after"] in moved["new"], moved
    # Nothing of it happened.
    assert network.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["RouteTableIds"] == [network.private_table]
    assert connects(region, start, server["PrivateIpAddress"], 8080)


def write(region, text):
    file = region.home / "plan.json"
    file.write_text(text)
    return file
