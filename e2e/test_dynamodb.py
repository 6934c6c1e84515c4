"""DynamoDB: every-day work with boto3 and the CLI, who may touch what, the ways in from a private subnet, and what a crash leaves."""

import json
import time
import uuid
import zlib
from decimal import Decimal

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


def arn(table, account=ACCOUNT):
    return f"arn:aws:dynamodb:us-east-1:{account}:table/{table}"


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response["Error"]


def make(ddb, **more):
    """A table with a sort key, a local and a global index."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    ddb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in [("pk", "S"), ("sk", "N"), ("g", "S"), ("l", "S")]],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        LocalSecondaryIndexes=[{"IndexName": "by-l", "Projection": {"ProjectionType": "ALL"},
                                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]}],
        BillingMode="PAY_PER_REQUEST", **more,
    )
    ddb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
    return name


@pytest.fixture
def ddb(root_region):
    return root_region.client("dynamodb")


@pytest.fixture
def table(ddb):
    name = make(ddb)
    yield name
    ddb.delete_table(TableName=name)


@pytest.fixture
def user(root_region):
    """Makes users with these statements; gives their DynamoDB clients."""
    iam, made = root_region.client("iam"), []

    def make_user(*statements):
        name = f"user-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        made.append((name, key["AccessKeyId"]))
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return root_region.client("dynamodb", **keys)

    yield make_user
    for name, key in made:
        iam.delete_user_policy(UserName=name, PolicyName="test")
        iam.delete_access_key(UserName=name, AccessKeyId=key)
        iam.delete_user(UserName=name)


def allow(action, resource, **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def key(pk, sk=1):
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


# --- every-day work ---


def test_items_of_every_type_come_back_as_they_were_put(root_region, table):
    environment = root_region.environment
    resource = boto3.resource(
        "dynamodb", region_name="us-east-1", endpoint_url=root_region.endpoint,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"], aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    ).Table(table)
    item = {
        "pk": "a", "sk": Decimal("1"), "text": "ü", "empty": "", "number": Decimal("-1.5E+20"), "bytes": b"\x00\xff", "yes": True,
        "nothing": None, "list": [1, "two", {"three": Decimal("3.0")}], "map": {"deep": {"er": [True]}},
        "texts": {"x", "y"}, "numbers": {Decimal(1), Decimal(2)}, "blobs": {b"a"},
    }
    resource.put_item(Item=item)
    got = resource.get_item(Key={"pk": "a", "sk": 1}, ConsistentRead=True)["Item"]
    assert got.pop("bytes").value == item.pop("bytes") and {b.value for b in got.pop("blobs")} == item.pop("blobs")
    assert got == item
    changed = resource.update_item(
        Key={"pk": "a", "sk": 1}, ReturnValues="UPDATED_NEW",
        UpdateExpression="SET #n = #n + :one, #l[0] = :x REMOVE #e ADD texts :more DELETE numbers :less",
        ExpressionAttributeNames={"#n": "number", "#l": "list", "#e": "empty"},
        ExpressionAttributeValues={":one": 1, ":x": "first", ":more": {"z"}, ":less": {Decimal(1)}},
    )["Attributes"]
    assert changed["texts"] == {"x", "y", "z"} and changed["numbers"] == {Decimal(2)} and changed["list"][0] == "first"
    assert resource.delete_item(Key={"pk": "a", "sk": 1}, ReturnValues="ALL_OLD")["Attributes"]["text"] == "ü"
    assert "Item" not in resource.get_item(Key={"pk": "a", "sk": 1})


def test_conditions_are_kept(ddb, table):
    ddb.put_item(TableName=table, Item=key("a") | {"v": {"N": "1"}})
    error = refused(ddb.put_item, TableName=table, Item=key("a"), ConditionExpression="attribute_not_exists(pk)")
    assert error == {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    ddb.update_item(TableName=table, Key=key("a"), UpdateExpression="SET v = :n", ConditionExpression="v BETWEEN :o AND :n",
                    ExpressionAttributeValues={":n": {"N": "2"}, ":o": {"N": "0"}})
    with pytest.raises(ClientError) as raised:
        ddb.delete_item(TableName=table, Key=key("a"), ConditionExpression="v < :n", ExpressionAttributeValues={":n": {"N": "2"}},
                        ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert raised.value.response["Item"]["v"] == {"N": "2"}


def test_queries_and_scans_page_filter_and_use_indexes(ddb, table):
    for n in range(30):
        ddb.put_item(TableName=table, Item=key("p", n) | {"g": {"S": f"g{n % 3}"}, "l": {"S": f"{29 - n:02}"}, "n": {"N": str(n)}})
    pages = ddb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="pk = :p AND sk >= :s", FilterExpression="n <> :five", ProjectionExpression="sk",
        ExpressionAttributeValues={":p": {"S": "p"}, ":s": {"N": "3"}, ":five": {"N": "5"}}, PaginationConfig={"PageSize": 7},
    )
    found = [int(item["sk"]["N"]) for page in pages for item in page["Items"]]
    assert found == [n for n in range(3, 30) if n != 5]
    back = ddb.query(TableName=table, IndexName="by-l", ScanIndexForward=True, Limit=1, KeyConditionExpression="pk = :p",
                     ExpressionAttributeValues={":p": {"S": "p"}})
    assert back["Items"][0]["sk"] == {"N": "29"} and back["LastEvaluatedKey"]["l"] == {"S": "00"}
    by_g = ddb.query(TableName=table, IndexName="by-g", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "g1"}})
    assert by_g["Count"] == 10 and set(by_g["Items"][0]) == {"pk", "sk", "g"}
    segments = [ddb.scan(TableName=table, Segment=n, TotalSegments=4)["Count"] for n in range(4)]
    assert sum(segments) == 30
    error = refused(ddb.query, TableName=table, KeyConditionExpression="sk = :s", ExpressionAttributeValues={":s": {"N": "1"}})
    assert error == {"Code": "ValidationException", "Message": "Query condition missed key schema element: pk"}


def test_batches_and_transactions(ddb, table):
    puts = [{"PutRequest": {"Item": key("b", n)}} for n in range(25)]
    assert ddb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"] == {}
    got = ddb.batch_get_item(RequestItems={table: {"Keys": [key("b", n) for n in (1, 2, 99)]}})
    assert len(got["Responses"][table]) == 2
    with pytest.raises(ClientError) as raised:
        ddb.transact_write_items(TransactItems=[
            {"Put": {"TableName": table, "Item": key("t", 1)}},
            {"ConditionCheck": {"TableName": table, "Key": key("t", 2), "ConditionExpression": "attribute_exists(pk)"}},
        ])
    assert raised.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in raised.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in ddb.get_item(TableName=table, Key=key("t", 1))
    token = str(uuid.uuid4())
    for _ in range(2):
        ddb.transact_write_items(ClientRequestToken=token, TransactItems=[
            {"Update": {"TableName": table, "Key": key("b", 1), "UpdateExpression": "ADD c :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}},
            {"Delete": {"TableName": table, "Key": key("b", 2)}},
        ])
    got = ddb.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key("b", n)}} for n in (1, 2)])
    assert got["Responses"][0]["Item"]["c"] == {"N": "1"} and got["Responses"][1] == {}


def test_partiql(ddb, table):
    ddb.execute_statement(Statement=f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': ?, 'a': 1}}", Parameters=[{"S": "q"}, {"N": "1"}])
    ddb.execute_statement(Statement=f"UPDATE \"{table}\" SET a = 2 WHERE pk = 'q' AND sk = 1")
    got = ddb.execute_statement(Statement=f"SELECT a FROM \"{table}\" WHERE pk = ?", Parameters=[{"S": "q"}])
    assert got["Items"] == [{"a": {"N": "2"}}]
    assert refused(ddb.execute_statement, Statement=f"INSERT INTO \"{table}\" VALUE {{'pk': 'q', 'sk': 1}}")["Code"] == "DuplicateItemException"


def test_the_cli_and_replies_that_can_be_checked(root_region, ddb, table):
    root_region.aws("dynamodb", "put-item", "--table-name", table, "--item", json.dumps(key("cli")))
    out = root_region.aws("dynamodb", "get-item", "--table-name", table, "--key", json.dumps(key("cli")), "--query", "Item.sk.N", "--output", "text")
    assert out.stdout.strip() == "1"
    seen = {}
    ddb.meta.events.register("before-parse.dynamodb.*", lambda response_dict, **_: seen.update(response_dict))
    ddb.get_item(TableName=table, Key=key("cli"))
    assert int(seen["headers"]["x-amz-crc32"]) == zlib.crc32(seen["body"])
    refused(ddb.get_item, TableName="not-there", Key=key("cli"))
    assert int(seen["headers"]["x-amz-crc32"]) == zlib.crc32(seen["body"])


def test_tables_are_described_tagged_changed_and_listed(ddb, table):
    described = ddb.describe_table(TableName=table)["Table"]
    assert described["TableArn"] == arn(table) and described["TableStatus"] == "ACTIVE"
    assert described["GlobalSecondaryIndexes"][0]["IndexArn"] == f"{arn(table)}/index/by-g"
    ddb.tag_resource(ResourceArn=arn(table), Tags=[{"Key": "team", "Value": "red"}])
    assert ddb.list_tags_of_resource(ResourceArn=arn(table))["Tags"] == [{"Key": "team", "Value": "red"}]
    assert table in [name for page in ddb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1}) for name in page["TableNames"]]
    ddb.update_table(TableName=table, AttributeDefinitions=[{"AttributeName": "x", "AttributeType": "S"}], GlobalSecondaryIndexUpdates=[
        {"Create": {"IndexName": "by-x", "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}},
    ])
    ddb.put_item(TableName=table, Item=key("x") | {"x": {"S": "1"}})
    found = ddb.query(TableName=table, IndexName="by-x", KeyConditionExpression="x = :x", ExpressionAttributeValues={":x": {"S": "1"}})
    assert found["Count"] == 1
    ddb.update_table(TableName=table, DeletionProtectionEnabled=True)
    assert refused(ddb.delete_table, TableName=table)["Code"] == "ValidationException"
    ddb.update_table(TableName=table, DeletionProtectionEnabled=False)
    backups = ddb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    assert ddb.describe_endpoints()["Endpoints"][0]["Address"] == "dynamodb.us-east-1.amazonaws.com"


def test_what_is_not_served_says_so(ddb, table):
    error = refused(ddb.update_table, TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    assert error["Code"] == "NotImplemented" and "StreamSpecification" in error["Message"]
    error = refused(ddb.create_backup, TableName=table, BackupName="backup")
    assert error["Code"] == "NotImplemented" and "CreateBackup" in error["Message"]


def test_items_expire(ddb, table):
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    now = int(time.time())
    ddb.put_item(TableName=table, Item=key("over") | {"until": {"N": str(now - 10)}})
    ddb.put_item(TableName=table, Item=key("later") | {"until": {"N": str(now + 3600)}})
    for _ in range(300):
        if ddb.scan(TableName=table)["Count"] == 1:
            break
        time.sleep(0.1)
    assert [item["pk"]["S"] for item in ddb.scan(TableName=table)["Items"]] == ["later"]


# --- who may ---


def test_a_user_reaches_only_items_that_lead_with_its_own_name(ddb, user, table):
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["alice"]}}
    me = user(allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:PartiQLSelect"],
                    [arn(table), f"{arn(table)}/index/*"], **own))
    me.put_item(TableName=table, Item=key("alice"))
    me.query(TableName=table, KeyConditionExpression="#p = :p", ExpressionAttributeNames={"#p": "pk"}, ExpressionAttributeValues={":p": {"S": "alice"}})
    me.execute_statement(Statement=f"SELECT * FROM \"{table}\" WHERE pk = 'alice'")
    me.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key("alice")}}])
    for call, more in [
        (me.put_item, {"TableName": table, "Item": key("bob")}),
        (me.get_item, {"TableName": table, "Key": key("bob")}),
        (me.batch_get_item, {"RequestItems": {table: {"Keys": [key("alice"), key("bob")]}}}),
        (me.query, {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "bob"}}}),
        (me.execute_statement, {"Statement": f"SELECT * FROM \"{table}\" WHERE pk = 'bob'"}),
        (me.scan, {"TableName": table}),
    ]:
        assert refused(call, **more)["Code"] == "AccessDeniedException"
    error = refused(me.get_item, TableName=table, Key=key("bob"))
    assert error["Message"].endswith(f"is not authorized to perform: dynamodb:GetItem on resource: {arn(table)} "
                                     "because no identity-based policy allows the dynamodb:GetItem action")


def test_attributes_select_and_return_values_are_condition_keys(user, table, ddb):
    ddb.put_item(TableName=table, Item=key("a") | {"shown": {"S": "1"}, "secret": {"S": "2"}})
    some = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "shown"]},
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"]}}
    me = user(allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], arn(table), **some))
    assert me.get_item(TableName=table, Key=key("a"), ProjectionExpression="shown")["Item"] == {"shown": {"S": "1"}}
    change = {"TableName": table, "Key": key("a"), "ExpressionAttributeValues": {":v": {"S": "3"}}}
    me.update_item(**change, UpdateExpression="SET shown = :v", ReturnValues="UPDATED_NEW")
    for call, more in [
        (me.get_item, {"TableName": table, "Key": key("a")}),
        (me.get_item, {"TableName": table, "Key": key("a"), "ProjectionExpression": "shown, secret"}),
        (me.update_item, change | {"UpdateExpression": "SET shown = :v", "ReturnValues": "ALL_OLD"}),
        (me.update_item, change | {"UpdateExpression": "SET shown = :v", "ConditionExpression": "secret <> :v"}),
    ]:
        assert refused(call, **more)["Code"] == "AccessDeniedException", more


def test_a_transaction_asks_for_each_of_its_items(user, table):
    only_within = {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}
    me = user(allow("dynamodb:PutItem", arn(table), **only_within))
    me.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": key("a")}}])
    assert refused(me.put_item, TableName=table, Item=key("a"))["Code"] == "AccessDeniedException"
    error = refused(me.transact_write_items, TransactItems=[
        {"Put": {"TableName": table, "Item": key("b")}}, {"Delete": {"TableName": table, "Key": key("a")}},
    ])
    assert error["Code"] == "AccessDeniedException" and "dynamodb:DeleteItem" in error["Message"]


def test_tags_and_indexes_are_resources(ddb, user):
    table = make(ddb, Tags=[{"Key": "team", "Value": "red"}])
    try:
        tagged = user(allow("dynamodb:GetItem", "*", StringEquals={"aws:ResourceTag/team": "red"}))
        tagged.get_item(TableName=table, Key=key("a"))
        ddb.untag_resource(ResourceArn=arn(table), TagKeys=["team"])
        assert refused(tagged.get_item, TableName=table, Key=key("a"))["Code"] == "AccessDeniedException"
        indexed = user(allow("dynamodb:Query", f"{arn(table)}/index/by-g"))
        ask = {"TableName": table, "ExpressionAttributeValues": {":v": {"S": "x"}}}
        indexed.query(**ask, IndexName="by-g", KeyConditionExpression="g = :v")
        assert refused(indexed.query, **ask, KeyConditionExpression="pk = :v")["Code"] == "AccessDeniedException"
    finally:
        ddb.delete_table(TableName=table)


def test_a_tables_policy_lets_another_account_in(fresh):
    other = "210987654321"
    region = fresh(config=f"""
[[account]]
id = "{other}"
[[account.user]]
name = "bob"
policies = ["arn:aws:iam::aws:policy/AdministratorAccess"]
[[account.user.key]]
id = "AKIABOBBOBBOBBOBBOBB"
secret = "bob"
""")
    ddb, bob = region.client("dynamodb"), region.client("dynamodb", aws_access_key_id="AKIABOBBOBBOBBOBBOBB", aws_secret_access_key="bob")
    table = make(ddb)
    ddb.put_item(TableName=table, Item=key("a"))
    read = {"TableName": arn(table), "Key": key("a")}
    assert refused(bob.get_item, **read)["Code"] == "AccessDeniedException"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{other}:user/bob"}, "Action": "dynamodb:GetItem", "Resource": arn(table)},
    ]}
    revision = ddb.put_resource_policy(ResourceArn=arn(table), Policy=json.dumps(policy))["RevisionId"]
    assert bob.get_item(**read)["Item"] == key("a")
    assert refused(bob.put_item, TableName=arn(table), Item=key("b"))["Code"] == "AccessDeniedException"
    # By the bare name it is a table of its own account.
    assert refused(bob.get_item, TableName=table, Key=key("a"))["Code"] == "ResourceNotFoundException"
    region.kill()
    region.up()
    assert json.loads(ddb.get_resource_policy(ResourceArn=arn(table))["Policy"]) == policy
    assert refused(ddb.delete_resource_policy, ResourceArn=arn(table), ExpectedRevisionId="1")["Code"] == "PolicyNotFoundException"
    ddb.delete_resource_policy(ResourceArn=arn(table), ExpectedRevisionId=revision)
    assert refused(bob.get_item, **read)["Code"] == "AccessDeniedException"
    assert refused(ddb.get_resource_policy, ResourceArn=arn(table))["Code"] == "PolicyNotFoundException"


# --- crash ---


def test_what_was_answered_survives_kill_9(fresh):
    region = fresh()
    ddb, far = region.client("dynamodb"), region.client("dynamodb", region_name="eu-west-1")
    table, there = make(ddb), make(far)
    for n in range(50):
        ddb.put_item(TableName=table, Item=key("k", n))
    far.put_item(TableName=there, Item=key("far"))
    region.kill()
    region.up()
    assert ddb.scan(TableName=table, Select="COUNT")["Count"] == 50
    assert far.get_item(TableName=there, Key=key("far"))["Item"] == key("far")
    assert refused(ddb.describe_table, TableName=there)["Code"] == "ResourceNotFoundException"


# --- the ways in ---

LIST = "AWS_MAX_ATTEMPTS=1 aws dynamodb list-tables --region us-east-1 --cli-connect-timeout 2"


def get(table, more=""):
    item = json.dumps(key("a"))
    return f"AWS_MAX_ATTEMPTS=1 aws dynamodb get-item --region us-east-1 --cli-connect-timeout 2 --table-name {table} --key '{item}' {more}"


@pytest.fixture
def private(network):
    network.dns_hostnames(True)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    return instance


@pytest.fixture
def tables(region):
    ddb = region.client("dynamodb")
    made = [make(ddb), make(ddb)]
    for name in made:
        ddb.put_item(TableName=name, Item=key("a"))
    yield made
    for name in made:
        ddb.delete_table(TableName=name)


def times_out(region, instance, command):
    done = region.run(instance, command, check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done.stdout + done.stderr


def one_table(table):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*", "Resource": arn(table)},
    ]})


def denied(region, instance, command):
    done = region.run(instance, command, check=False, timeout=40)
    assert done.returncode != 0 and "because no VPC endpoint policy allows the dynamodb:" in done.stderr, done.stdout + done.stderr


def test_a_gateway_endpoint_carries_dynamodb_and_its_policy_holds(region, network, private, tables):
    one, other = tables
    times_out(region, private, LIST)
    made = network.ec2.create_vpc_endpoint(
        VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.dynamodb", RouteTableIds=[network.private_table]
    )["VpcEndpoint"]["VpcEndpointId"]
    assert one in region.run(private, LIST).stdout
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made, PolicyDocument=one_table(one))
    assert '"pk"' in region.run(private, get(one)).stdout
    denied(region, private, get(other))
    # The host's own way is not the endpoint's.
    assert region.client("dynamodb").get_item(TableName=other, Key=key("a"))["Item"] == key("a")
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    times_out(region, private, LIST)


def test_a_tables_policy_may_demand_the_endpoint(region, network, private, tables):
    one, _ = tables
    ddb = region.client("dynamodb")
    made = network.ec2.create_vpc_endpoint(
        VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.dynamodb", RouteTableIds=[network.private_table]
    )["VpcEndpoint"]["VpcEndpointId"]
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": arn(one),
         "Condition": {"StringNotEquals": {"aws:SourceVpce": made}}},
    ]}
    ddb.put_resource_policy(ResourceArn=arn(one), Policy=json.dumps(policy))
    error = refused(ddb.get_item, TableName=one, Key=key("a"))
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")
    assert '"pk"' in region.run(private, get(one)).stdout


def test_an_interface_endpoint_has_no_private_dns_and_answers_under_its_own_name(region, network, private, tables):
    one, other = tables
    listening = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
    with pytest.raises(ClientError) as error:
        network.interface_endpoint("dynamodb", network.private, groups=[listening], PrivateDnsEnabled=True)
    assert "private DNS" in error.value.response["Error"]["Message"], error.value
    made = network.interface_endpoint("dynamodb", network.private, groups=[listening], PolicyDocument=one_table(one), PrivateDnsEnabled=False)
    names = [entry["DnsName"] for entry in made["DnsEntries"]]
    assert names and all(name.endswith(".dynamodb.us-east-1.vpce.amazonaws.com") for name in names)
    times_out(region, private, LIST)
    url = f"--endpoint-url https://{names[0]}"
    assert '"pk"' in region.run(private, get(one, url)).stdout
    denied(region, private, get(other, url))
