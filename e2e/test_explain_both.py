"""`postern explain --between`, `--matrix` and `--mermaid`: the same truth in other forms."""

import json

import pytest


@pytest.fixture
def pair(region, network):
    """A client that may reach the server on 5432, and not the other way round."""
    client_group, server_group = network.group("between-client"), network.group("between-server")
    network.ec2.authorize_security_group_ingress(
        GroupId=server_group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": client_group}]}],
    )
    client = network.instance(network.public, [client_group])["InstanceId"]
    server = network.instance(network.private, [server_group])["InstanceId"]
    region.run(server, "nohup python3 -m http.server 5432 >/dev/null 2>&1 & for n in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/5432) 2>/dev/null && exit; sleep 0.1; done; exit 1")
    return client, server, server_group


def test_both_ways_as_a_table(region, pair):
    client, server, group = pair
    told = json.loads(region.postern("explain", "--between", client, server, "--port", "5432", "--json").stdout)
    there, back = told["ways"]
    assert there["answered"] and not back["answered"]
    assert back["barred_by"]["stop"] == "security_group_in"
    table = region.postern("explain", "--between", client, server, "--port", "5432").stdout
    assert f"{client} > {server}: answered" in table, table
    assert f"{server} > {client}: not answered: security_group_in" in table, table
    line = next(line for line in table.splitlines() if "security_group_in" in line and group in line)
    assert f"✓ {group}" in line and "✗" in line and "SG_HAS_NO_RULES" in line, table


def test_what_cannot_ask_has_one_way(region, pair):
    client, _, _ = pair
    told = json.loads(region.postern("explain", "--between", client, "internet", "--json").stdout)
    assert "not_asked" in told["ways"][0] and "answered" in told["ways"][1]
    refused = region.postern("explain", "--between", "i-00000000000000001", "i-00000000000000002", check=False)
    assert refused.returncode != 0 and "there is no i-00000000000000001" in refused.stderr


def test_subnets_reach_each_other_as_their_instances_do(region, network, pair):
    client, server, _ = pair
    told = json.loads(region.postern("explain", "--matrix", "instances", "--port", "5432", "--json").stdout)
    rows = {row["from"]: dict(zip(told["to"], row["reaches"])) for row in told["rows"]}
    assert rows[client][server] == "yes" and rows[server][client] == "security_group_in"
    told = json.loads(region.postern("explain", "--matrix", "subnets", "--port", "5432", "--json").stdout)
    assert {network.public, network.private} <= set(told["to"])
    refused = region.postern("explain", "--matrix", "vpcs", check=False)
    assert refused.returncode != 0 and "`vpcs` is none of" in refused.stderr


def test_the_way_as_a_flowchart(region, pair):
    client, server, _ = pair
    chart = region.postern("explain", "--from", server, "--to", f"{client}:5432", "--mermaid").stdout
    assert "flowchart LR" in chart and "subgraph out" in chart and "class out" in chart, chart
    file = region.home / "way.mmd"
    words = region.postern("explain", "--from", client, "--to", f"{server}:5432", "--mermaid", str(file)).stdout
    assert "answered" in words and "flowchart" not in words
    assert "subgraph back" in file.read_text() and "barred" not in file.read_text()
