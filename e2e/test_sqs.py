"""SQS with real clients: from the host, and from a private subnet through an interface endpoint."""

import hashlib
import json
import threading
import urllib.parse

import boto3
import pytest
from botocore.exceptions import ClientError

from region import VENV

NAME = "https://sqs.us-east-1.amazonaws.com"
# Debian's client is of 2022: it speaks the query protocol, and goes to `queue.amazonaws.com` unless told otherwise, which no
# private DNS covers.
OLD = "AWS_MAX_ATTEMPTS=1 aws sqs --region us-east-1 --cli-connect-timeout 2"
PATIENCE = f"{OLD} --endpoint-url {NAME}"


@pytest.fixture
def sqs(root_region):
    return root_region.client("sqs")


@pytest.fixture
def queue(sqs, request):
    """A queue of the test's own name."""
    return sqs.create_queue(QueueName=request.node.name[:80])["QueueUrl"]


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response["Error"]


def bodies(sqs, url, **more):
    more.setdefault("MaxNumberOfMessages", 10)
    return [message["Body"] for message in sqs.receive_message(QueueUrl=url, **more).get("Messages", [])]


def test_a_queue_by_boto3(root_region, sqs, queue):
    assert queue.startswith(root_region.endpoint)
    attributes = {
        "text": {"DataType": "String", "StringValue": "grün"},
        "number": {"DataType": "Number", "StringValue": "1.5"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello\n€", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5("hello\n€".encode()).hexdigest()
    (message,) = sqs.receive_message(
        QueueUrl=queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], VisibilityTimeout=600
    )["Messages"]
    assert message["Body"] == "hello\n€" and message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["SenderId"] == root_region.client("sts").get_caller_identity()["UserId"]
    counted = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessagesNotVisible"] == "1"
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"])
    assert bodies(sqs, queue) == []
    assert queue in sqs.list_queues(QueueNamePrefix="test_a_queue_by")["QueueUrls"]


def test_errors_are_those_that_clients_know(root_region, sqs, queue):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as error:
        sqs.get_queue_url(QueueName="none")
    assert error.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="x")
    with pytest.raises(sqs.exceptions.PurgeQueueInProgress):
        for _ in range(2):
            sqs.purge_queue(QueueUrl=queue)
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="")["Code"] == "MissingParameter"
    assert refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"X": "1"})["Code"] == "InvalidAttributeName"
    said = refused(sqs.create_queue, QueueName="keyed", Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    assert said["Code"] == "AWS.SimpleQueueService.UnsupportedOperation" and "KMS" in said["Message"]


def test_batches_and_order_in_a_fifo_queue(sqs):
    url = sqs.create_queue(
        QueueName="orders.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    entries = [{"Id": str(n), "MessageBody": f"{n}", "MessageGroupId": f"g{n % 2}"} for n in range(10)]
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    numbers = [one["SequenceNumber"] for one in sent["Successful"]]
    assert len(numbers) == 10 and numbers == sorted(numbers) and not sent.get("Failed")
    assert sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"][3]["SequenceNumber"] == numbers[3]
    got = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3).get("Messages"):
        got += [message["Body"] for message in found]
        done = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(found)]
        assert len(sqs.delete_message_batch(QueueUrl=url, Entries=done)["Successful"]) == len(found)
    assert [n for n in got if int(n) % 2 == 0] == list("02468") and [n for n in got if int(n) % 2] == list("13579")


def test_a_waiting_receive_hears_of_a_send_at_once(root_region, sqs, queue):
    heard = []
    waiting = threading.Thread(target=lambda: heard.extend(bodies(root_region.client("sqs"), queue, WaitTimeSeconds=20)))
    waiting.start()
    # However late the receive begins, it gets the message; and it does not wait for its twenty seconds.
    sqs.send_message(QueueUrl=queue, MessageBody="now")
    waiting.join(timeout=10)
    assert heard == ["now"]


def test_dead_letters_and_back(sqs, queue):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": "1"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=queue, MessageBody="poison")
    assert bodies(sqs, queue) == ["poison"] and bodies(sqs, queue) == []
    assert bodies(sqs, dead, VisibilityTimeout=0) == ["poison"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue]
    sqs.start_message_move_task(SourceArn=arn)
    assert bodies(sqs, queue, WaitTimeSeconds=10) == ["poison"]
    allow = {"redrivePermission": "denyAll"}
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(allow)})
    other = refused(sqs.create_queue, QueueName="other", Attributes={"RedrivePolicy": json.dumps(policy)})
    assert other["Code"] == "InvalidParameterValue" and "redrive allow policy" in other["Message"]


def test_the_older_query_protocol(root_region, queue):
    """As clients before 2023 speak, signed by botocore, read here by hand."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    credentials = boto3.session.Session(
        root_region.environment["AWS_ACCESS_KEY_ID"], root_region.environment["AWS_SECRET_ACCESS_KEY"]
    ).get_credentials()

    def ask(url, **members):
        form = {"Version": "2012-11-05", **{name.replace("__", "."): value for name, value in members.items()}}
        request = AWSRequest("POST", url, data=urllib.parse.urlencode(form))
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        SigV4Auth(credentials, "sqs", "us-east-1").add_auth(request)
        return URLLib3Session().send(request.prepare())

    # The queue is named by the path alone.
    sent = ask(
        queue, Action="SendMessage", MessageBody="a&b",
        MessageAttribute__1__Name="n", MessageAttribute__1__Value__DataType="String", MessageAttribute__1__Value__StringValue="v",
    )
    assert sent.status_code == 200 and "<MD5OfMessageAttributes>" in sent.text, sent.text
    got = ask(queue, Action="ReceiveMessage", AttributeName__1="All", MessageAttributeName__1="All")
    for part in ("<ReceiveMessageResult><Message><MessageId>", "<Body>a&amp;b</Body>", "<Attribute><Name>SentTimestamp</Name>",
                 "<MessageAttribute><Name>n</Name><Value><StringValue>v</StringValue><DataType>String</DataType></Value>"):
        assert part in got.text, got.text
    told = ask(queue, Action="GetQueueAttributes", AttributeName__1="DelaySeconds")
    assert "<Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute>" in told.text, told.text
    missing = ask(queue + "x", Action="PurgeQueue")
    assert missing.status_code == 400 and "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in missing.text, missing.text
    assert "ErrorResponse" in missing.text
    listed = ask(root_region.endpoint, Action="ListQueues", QueueNamePrefix="test_the_older")
    assert f"<ListQueuesResult><QueueUrl>{queue}</QueueUrl></ListQueuesResult>" in listed.text, listed.text


@pytest.mark.parametrize("cli", [str(VENV / "bin/aws"), "/usr/bin/aws"])
def test_by_the_cli_from_the_host(root_region, cli):
    """The first version of the CLI goes to `queue.amazonaws.com`, whatever AWS_ENDPOINT_URL says; only the option helps."""
    url = ["--endpoint-url", root_region.endpoint] if cli != "/usr/bin/aws" else []
    name = f"cli-{len(cli)}"

    def aws(*words):
        return root_region.aws(*url, "sqs", *words, cli=cli).stdout

    made = aws("create-queue", "--queue-name", name, "--tags", "team=a", "--attributes", "DelaySeconds=0")
    queue = json.loads(made)["QueueUrl"]
    assert queue == f"{root_region.endpoint}/{queue.split('/')[-2]}/{name}"
    aws("send-message", "--queue-url", queue, "--message-body", "hi")
    assert aws("receive-message", "--queue-url", queue, "--query", "Messages[0].Body", "--output", "text") == "hi\n"
    assert json.loads(aws("list-queue-tags", "--queue-url", queue)) == {"Tags": {"team": "a"}}
    listed = json.loads(aws("list-queues", "--queue-name-prefix", name))
    assert listed["QueueUrls"] == [queue]


# --- through endpoints ---


@pytest.fixture
def private(network):
    network.dns_hostnames(True)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    return instance


@pytest.fixture
def open_group(network):
    return network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))


@pytest.fixture
def own_queue(region, request):
    sqs = region.client("sqs")
    name = f"{request.node.originalname}-{region.mode}"[:80]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return sqs, url, name, arn


def test_a_private_subnet_sends_and_receives(region, network, private, open_group, own_queue):
    sqs, url, name, _ = own_queue
    done = region.run(private, f"{PATIENCE} get-queue-url --queue-name {name}", check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done
    network.interface_endpoint("sqs", network.private, groups=[open_group])
    done = region.run(private, f"{OLD} get-queue-url --queue-name {name}", check=False, timeout=40)
    assert done.returncode != 0 and 'onnect timeout on endpoint URL: "https://queue.amazonaws.com/"' in done.stderr, done
    own = region.run(private, f"{PATIENCE} get-queue-url --queue-name {name} --output text").stdout.strip()
    assert own == f"{NAME}/{url.split('/')[-2]}/{name}"
    region.run(private, f"{PATIENCE} send-message --queue-url {own} --message-body 'from within'")
    assert bodies(sqs, url, VisibilityTimeout=0) == ["from within"]
    script = (
        "import boto3; q = boto3.resource('sqs', 'us-east-1').Queue('%s'); "
        "m = q.receive_messages(WaitTimeSeconds=5)[0]; print(m.body); m.delete(); "
        "print(q.send_messages(Entries=[{'Id': str(n), 'MessageBody': 'n%%d' %% n} for n in range(10)])['Successful'][9]['Id'])"
    ) % own
    assert region.run(private, f'{VENV}/bin/python -c "{script}"').stdout == "from within\n9\n"
    assert sorted(bodies(sqs, url)) == [f"n{n}" for n in range(10)]


def test_the_endpoints_policy_and_the_queues_policy(region, network, private, open_group, own_queue):
    sqs, url, name, arn = own_queue
    send = f"{PATIENCE} send-message --queue-url {NAME}/{url.split('/')[-2]}/{name} --message-body a"
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:ReceiveMessage", "Resource": "*"}]}
    endpoint = network.interface_endpoint("sqs", network.private, groups=[open_group], PolicyDocument=json.dumps(policy))
    said = region.run(private, send, check=False)
    assert f"not authorized to perform: sqs:sendmessage on resource: {arn} because no VPC endpoint policy allows the sqs:sendmessage action" in said.stderr, said
    assert bodies(sqs, url) == []
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], ResetPolicy=True)
    only = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": {"StringNotEquals": {"aws:SourceVpce": endpoint["VpcEndpointId"]}},
        }],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(only)})
    region.run(private, send)
    said = refused(sqs.send_message, QueueUrl=url, MessageBody="from the host")
    assert said["Code"] == "AccessDenied" and "with an explicit deny in a resource-based policy" in said["Message"]
    assert bodies(sqs, url) == ["a"]


# --- over a kill ---


def test_nothing_acknowledged_is_lost(fresh):
    region = fresh("root")
    url = region.client("sqs").create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "10"})["QueueUrl"]
    sent, deleted, unsure = set(), set(), set()

    def work(number, stop):
        sqs = region.client("sqs")
        turn = 0
        while not stop.is_set():
            body = f"{stop.name}-{number}-{turn}"
            turn += 1
            try:
                unsure.add(body)
                sqs.send_message(QueueUrl=url, MessageBody=body)
                sent.add(body)
                unsure.discard(body)
                if turn % 2:
                    for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
                        unsure.add(message["Body"])
                        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                        deleted.add(message["Body"])
            except Exception:
                return

    for turn in range(2):
        stop = threading.Event()
        stop.name = turn
        workers = [threading.Thread(target=work, args=(number, stop)) for number in range(4)]
        for worker in workers:
            worker.start()
        enough = 150 * (turn + 1)
        while len(sent) < enough and any(worker.is_alive() for worker in workers):
            workers[0].join(timeout=0.05)
        region.kill()
        stop.set()
        for worker in workers:
            worker.join(timeout=60)
        region.up()
    sqs, found = region.client("sqs"), set()
    # What was in flight at the kill comes back when its time is over, which wakes the receive.
    while got := bodies(sqs, url, WaitTimeSeconds=15, VisibilityTimeout=3600):
        assert not found & set(got), "twice"
        found |= set(got)
    assert len(sent) >= 300 and deleted
    assert not found & deleted, "a deleted message came back"
    missing = sent - deleted - found - unsure
    assert not missing, f"lost: {sorted(missing)[:5]}"
