"""SNS with real clients: topics to queues, from the host and from a private subnet through interface endpoints."""

import json

import pytest
from botocore.exceptions import ClientError

from region import VENV


@pytest.fixture
def sns(root_region):
    return root_region.client("sns")


@pytest.fixture
def sqs(root_region):
    return root_region.client("sqs")


def queue(sqs, name, **attributes):
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def let_in(sqs, url, queue_arn, topic):
    policy = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue_arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


def messages(sqs, url, **more):
    more.setdefault("MaxNumberOfMessages", 10)
    return sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], **more).get("Messages", [])


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response["Error"]


def test_a_topic_reaches_a_queue_that_lets_it_in(sns, sqs):
    topic = sns.create_topic(Name="events", Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]
    url, arn = queue(sqs, "events")
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="shut out")
    other = sns.create_topic(Name="other")["TopicArn"]
    let_in(sqs, url, arn, other)
    sns.publish(TopicArn=topic, Message="let in another")
    assert messages(sqs, url) == []
    let_in(sqs, url, arn, topic)
    sent = sns.publish(
        TopicArn=topic, Message="hello €", Subject="greeting",
        MessageAttributes={"n": {"DataType": "Number", "StringValue": "7"}},
    )
    (got,) = messages(sqs, url)
    envelope = json.loads(got["Body"])
    assert envelope["MessageId"] == sent["MessageId"] and envelope["TopicArn"] == topic
    assert (envelope["Type"], envelope["Message"], envelope["Subject"]) == ("Notification", "hello €", "greeting")
    assert envelope["MessageAttributes"] == {"n": {"Type": "Number", "Value": "7"}} and "MessageAttributes" not in got
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true")
    sns.publish(TopicArn=topic, Message="raw", MessageAttributes={"n": {"DataType": "Number", "StringValue": "7"}})
    (got,) = messages(sqs, url)
    assert got["Body"] == "raw" and got["MessageAttributes"] == {"n": {"DataType": "Number", "StringValue": "7"}}
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.publish(TopicArn=topic, Message="gone")
    assert messages(sqs, url) == []
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_filters_and_batches(sns, sqs):
    topic = sns.create_topic(Name="filtered")["TopicArn"]
    policies = {"dear": {"price": [{"numeric": [">=", 100]}]}, "red": {"colour": ["red", {"prefix": "dark-red"}]}}
    urls = {}
    for name, policy in policies.items():
        urls[name], arn = queue(sqs, name)
        let_in(sqs, urls[name], arn, topic)
        attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps(policy), "FilterPolicyScope": "MessageBody"}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    bodies = [{"price": 100, "colour": "red"}, {"price": 99, "colour": "dark-red-2"}, {"price": 1000, "colour": "blue"}]
    entries = [{"Id": str(n), "Message": json.dumps(body)} for n, body in enumerate(bodies)]
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]) == 3
    got = {name: [json.loads(m["Body"]) for m in messages(sqs, url)] for name, url in urls.items()}
    assert got == {"dear": [bodies[0], bodies[2]], "red": [bodies[0], bodies[1]]}


def test_a_fifo_topic(sns, sqs):
    topic = sns.create_topic(Name="o.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"})["TopicArn"]
    url, arn = queue(sqs, "o.fifo", FifoQueue="true")
    let_in(sqs, url, arn, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    for body in ["1", "2", "2", "3"]:
        sns.publish(TopicArn=topic, Message=body, MessageGroupId="g")
    assert [m["Body"] for m in messages(sqs, url)] == ["1", "2", "3"]


def test_dead_letters_of_a_subscription(sns, sqs):
    topic = sns.create_topic(Name="lost")["TopicArn"]
    _, arn = queue(sqs, "closed")
    dead_url, dead = queue(sqs, "lost-letters")
    let_in(sqs, dead_url, dead, topic)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RedrivePolicy": redrive})
    sns.publish(TopicArn=topic, Message="letter")
    (got,) = messages(sqs, dead_url)
    assert json.loads(got["Body"])["Message"] == "letter"


def test_what_is_not_delivered_to_is_named(sns):
    topic = sns.create_topic(Name="named")["TopicArn"]
    for protocol, endpoint in (("email", "a@example.com"), ("firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/d"), ("sms", "+15550100")):
        error = refused(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
        assert error["Code"] == "NotImplemented" and protocol in error["Message"]
    assert refused(sns.publish, PhoneNumber="+15550100", Message="a")["Code"] == "NotImplemented"
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=topic + "x", Message="a")
    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.publish(TopicArn=topic, Message="")


def test_a_private_subnet_publishes_and_receives(region, network):
    network.dns_hostnames(True)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    sns, sqs = region.client("sns"), region.client("sqs")
    topic = sns.create_topic(Name="within")["TopicArn"]
    url, arn = queue(sqs, "within")
    let_in(sqs, url, arn, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    publish = f"AWS_MAX_ATTEMPTS=1 aws sns publish --region us-east-1 --cli-connect-timeout 2 --topic-arn {topic} --message"
    done = region.run(instance, f"{publish} one", check=False, timeout=40)
    assert done.returncode != 0 and "onnect timeout" in done.stdout + done.stderr, done
    open_group = network.group("endpoint", ("tcp", 443, "0.0.0.0/0"))
    made = {s: network.interface_endpoint(s, network.private, groups=[open_group]) for s in ("sns", "sqs")}
    region.run(instance, f"{publish} two")
    script = (
        "import boto3; q = boto3.resource('sqs', 'us-east-1').get_queue_by_name(QueueName='within'); "
        "print([m.body for m in q.receive_messages(WaitTimeSeconds=5)])"
    )
    assert region.run(instance, f'{VENV}/bin/python -c "{script}"').stdout == "['two']\n"
    only = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "SNS:Publish", "Resource": topic,
            "Condition": {"StringNotEquals": {"aws:SourceVpce": made["sns"]["VpcEndpointId"]}},
        }],
    }
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(only))
    error = refused(sns.publish, TopicArn=topic, Message="from the host")
    assert error["Code"] == "AuthorizationError" and "not authorized to perform: SNS:Publish" in error["Message"]
    region.run(instance, f"{publish} three")
    assert [m["Body"] for m in messages(sqs, url)] == ["three"]
    nothing = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:ListTopics", "Resource": "*"}]}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["sns"]["VpcEndpointId"], PolicyDocument=json.dumps(nothing))
    said = region.run(instance, f"{publish} four", check=False)
    assert "because no VPC endpoint policy allows the SNS:Publish action" in said.stderr, said


def test_topics_and_subscriptions_survive_a_kill(fresh):
    region = fresh("root")
    sns, sqs = region.client("sns"), region.client("sqs")
    topic = sns.create_topic(Name="kept")["TopicArn"]
    url, arn = queue(sqs, "kept")
    let_in(sqs, url, arn, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    for n in range(5):
        sns.publish(TopicArn=topic, Message=str(n))
    region.kill()
    region.up()
    sns, sqs = region.client("sns"), region.client("sqs")
    sns.publish(TopicArn=topic, Message="5")
    assert sorted(m["Body"] for m in messages(sqs, url)) == list("012345")
