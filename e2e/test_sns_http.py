"""SNS calls servers in instances: over the region's internet, past gateway, ACL and group, with envelopes that verify."""

import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from network import Network

#: Writes each request's headers and body on a line, and answers 200, or what the path says, or 500 while there is /root/busy.
HOOK = """
import http.server, json, os, ssl, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with open("/tmp/heard", "a") as heard:
            heard.write(json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body,
                                    "from": self.client_address[0]}) + "\\n")
        busy = os.path.exists("/root/busy")
        self.send_response(500 if busy else int(self.path[1:4]) if self.path[1:4].isdigit() else 200)
        self.end_headers()
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Hook)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def start(region, instance, port=8080, pem=None):
    """Starts a server, by TLS with a key and its certificate; one that had the port before ends."""
    region.run(instance, f"cat > /tmp/hook.py <<'END'\n{HOOK}END\ncat > /tmp/{port}.pem <<'END'\n{pem or ''}\nEND\n"
               f"old=$(cat /tmp/{port}.pid 2>/dev/null) && kill $old && while kill -0 $old 2>/dev/null; do sleep 0.05; done\n"
               f"nohup python3 /tmp/hook.py {port} {f'/tmp/{port}.pem' if pem else ''} >/dev/null 2>&1 & echo $! > /tmp/{port}.pid\n"
               f"for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit 0; sleep 0.1; done; exit 1")


def openssl(directory, *words):
    done = subprocess.run(["openssl", *map(str, words)], cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def authority(directory):
    """An authority of the test's own: `ca.pem` and `ca-key.pem` in the directory."""
    directory.mkdir()
    openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=Authority of a test", "-keyout", "ca-key.pem", "-out", "ca.pem")
    return directory


def certified(tmp_path, authority, name):
    """A key and a certificate for a name, signed by the authority in a directory, as PEM."""
    openssl(tmp_path, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server",
            "-addext", f"subjectAltName=DNS:{name}", "-keyout", "key.pem", "-out", "request.pem")
    openssl(tmp_path, "x509", "-req", "-in", "request.pem", "-copy_extensions", "copy", "-days", "2", "-out", "cert.pem",
            "-CA", authority / "ca.pem", "-CAkey", authority / "ca-key.pem", "-set_serial", "7")
    return (tmp_path / "key.pem").read_text() + (tmp_path / "cert.pem").read_text()


def heard(region, instance, count, path="/"):
    """The first `count` requests to a path; fails when they do not come."""
    for _ in range(300):
        said = region.run(instance, "cat /tmp/heard 2>/dev/null || true").stdout
        found = [one for one in map(json.loads, said.splitlines()) if one["path"] == path]
        if len(found) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError(f"only {found} at {path}\n{region.log()}")


def verify(region, instance, body, digest, tmp_path):
    """Whether openssl finds the envelope's signature right, by the certificate that it names."""
    names = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    pem = region.run(instance, f"curl -sSf '{body['SigningCertURL']}'").stdout
    (tmp_path / "cert.pem").write_text(pem)
    (tmp_path / "ca.pem").write_bytes((region.data / "ca.pem").read_bytes())
    ask = lambda *words: subprocess.run(["openssl", *map(str, words)], cwd=tmp_path, capture_output=True, text=True)  # noqa: E731
    assert ask("verify", "-CAfile", "ca.pem", "cert.pem").returncode == 0
    (tmp_path / "key.pem").write_text(ask("x509", "-in", "cert.pem", "-pubkey", "-noout").stdout)
    (tmp_path / "text").write_text(text)
    import base64
    (tmp_path / "signature").write_bytes(base64.b64decode(body["Signature"]))
    right = ask("dgst", f"-{digest}", "-verify", "key.pem", "-signature", "signature", "text").returncode == 0
    (tmp_path / "text").write_text(text + "x")
    assert ask("dgst", f"-{digest}", "-verify", "key.pem", "-signature", "signature", "text").returncode != 0
    return right


@pytest.fixture
def server(region, network):
    """An instance with a public address whose group lets 8080 in from everywhere, and a server in it."""
    network.dns_hostnames(True)
    instance = network.instance(network.public, [network.group("hook", ("tcp", 8080, "0.0.0.0/0"))], public=True)
    start(region, instance["InstanceId"])
    return instance


def test_a_server_confirms_and_hears(region, network, server, tmp_path):
    instance, sns = server["InstanceId"], region.client("sns")
    topic = sns.create_topic(Name=f"hooks-{network.vpc}")["TopicArn"]
    url = f"http://{server['PublicIpAddress']}:8080/"
    made = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url, ReturnSubscriptionArn=True)
    asked = heard(region, instance, 1)[0]
    assert asked["headers"]["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert asked["headers"]["x-amz-sns-topic-arn"] == topic and asked["from"].startswith("52.46.")
    body = json.loads(asked["body"])
    assert body["Type"] == "SubscriptionConfirmation" and body["SignatureVersion"] == "1"
    assert verify(region, instance, body, "sha1", tmp_path)
    attributes = lambda: sns.get_subscription_attributes(SubscriptionArn=made["SubscriptionArn"])["Attributes"]  # noqa: E731
    assert attributes()["PendingConfirmation"] == "true" and attributes()["Protocol"] == "http"
    sns.publish(TopicArn=topic, Message="nobody hears this")
    region.run(instance, f"curl -sSf '{body['SubscribeURL']}'")
    assert attributes()["PendingConfirmation"] == "false"

    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="about")["MessageId"]
    told = heard(region, instance, 2)[1]
    assert told["headers"]["x-amz-sns-subscription-arn"] == made["SubscriptionArn"]
    assert told["headers"]["content-type"] == "text/plain; charset=UTF-8"
    body = json.loads(told["body"])
    assert (body["MessageId"], body["Message"], body["Subject"], body["SignatureVersion"]) == (sent, "hello", "about", "2")
    assert verify(region, instance, body, "sha256", tmp_path)

    sns.set_subscription_attributes(SubscriptionArn=made["SubscriptionArn"], AttributeName="RawMessageDelivery", AttributeValue="true")
    sns.publish(TopicArn=topic, Message="raw words")
    told = heard(region, instance, 3)[2]
    assert told["body"] == "raw words" and told["headers"]["x-amz-sns-rawdelivery"] == "true"
    region.run(instance, f"curl -sSf '{body['UnsubscribeURL']}'")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_what_a_server_refuses_goes_to_the_dead_letters(region, network, server):
    instance, sns = server["InstanceId"], region.client("sns")
    topic = sns.create_topic(Name=f"refused-{network.vpc}")["TopicArn"]
    arn, dead = dead_letters(region, f"dead-{network.vpc}")
    name = server["PublicDnsName"]
    for status, retries, times in ((404, 3, 1), (503, 2, 3)):
        policy = {"healthyRetryPolicy": {"numRetries": retries, "numNoDelayRetries": retries}}
        sns.subscribe(
            TopicArn=topic, Protocol="http", Endpoint=f"http://{name}:8080/{status}",
            Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn}), "DeliveryPolicy": json.dumps(policy)},
        )
        token = json.loads(heard(region, instance, 1, f"/{status}")[0]["body"])["Token"]
        asked = len(heard(region, instance, times, f"/{status}"))
        sns.confirm_subscription(TopicArn=topic, Token=token)
        assert asked == times, "the confirmation was tried as often as the policy says"
    sns.publish(TopicArn=topic, Message="unwanted")
    assert dead(2) == ["unwanted"] * 2
    assert len(heard(region, instance, 2, "/404")) == 2 and len(heard(region, instance, 6, "/503")) == 6


def test_packets_of_sns_pass_the_stops(region, network, server):
    """A group without the port, and an address that is only private: nothing arrives. Beside it one that works."""
    instance, sns = server["InstanceId"], region.client("sns")
    shut = network.instance(network.public, [network.group("shut", ("tcp", 22, "0.0.0.0/0"))], public=True)
    start(region, shut["InstanceId"])
    topic = sns.create_topic(Name=f"stops-{network.vpc}")["TopicArn"]
    subscribe = lambda address: sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{address}:8080/")  # noqa: E731
    subscribe(shut["PublicIpAddress"])
    subscribe(server["PrivateIpAddress"])
    subscribe(server["PublicIpAddress"])
    assert len(heard(region, instance, 1)) == 1
    assert region.run(shut["InstanceId"], "cat /tmp/heard", check=False).returncode != 0
    assert {one["SubscriptionArn"] for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]} == {"PendingConfirmation"}


def dead_letters(region, name):
    """A queue that SNS may send to, its ARN, and what takes so many messages out of it."""
    sqs = region.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}})})

    def take(count):
        got = []
        for _ in range(15):
            got += sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, MaxNumberOfMessages=10).get("Messages", [])
            if len(got) >= count:
                break
        return [json.loads(one["Body"])["Message"] for one in got]

    return arn, take


def test_servers_by_https_need_a_certificate_that_is_believed(region, network, tmp_path):
    """The region's authority stands for the public ones. Another's certificate, or one for another name, is none."""
    network.dns_hostnames(True)
    group = network.group("hook", ("tcp", 8080, "0.0.0.0/0"), ("tcp", 8443, "0.0.0.0/0"))
    server = network.instance(network.public, [group], public=True)
    instance, name, sns = server["InstanceId"], server["PublicDnsName"], region.client("sns")
    good, stranger = certified(tmp_path, region.data, name), certified(tmp_path, authority(tmp_path / "other"), name)
    start(region, instance)
    start(region, instance, 8443, good)
    arn, dead = dead_letters(region, f"dead-{network.vpc}")
    topic = sns.create_topic(Name=f"https-{network.vpc}")["TopicArn"]
    policy = {"healthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 1}}
    given = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn}), "DeliveryPolicy": json.dumps(policy)}
    made = sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=f"https://{name}:8443/s", Attributes=given, ReturnSubscriptionArn=True)
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{name}:8080/p", Attributes=given)
    asked = heard(region, instance, 1, "/s")[0]
    assert asked["headers"]["host"] == f"{name}:8443" and asked["from"].startswith("52.46.")
    body = json.loads(asked["body"])
    assert body["Type"] == "SubscriptionConfirmation" and verify(region, instance, body, "sha1", tmp_path)
    region.run(instance, f"curl -sSf '{body['SubscribeURL']}'")
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(heard(region, instance, 1, "/p")[0]["body"])["Token"])
    assert sns.get_subscription_attributes(SubscriptionArn=made["SubscriptionArn"])["Attributes"]["Protocol"] == "https"

    messages = lambda path, count: [json.loads(one["body"])["Message"] for one in heard(region, instance, count + 1, path)[1:]]  # noqa: E731
    sns.publish(TopicArn=topic, Message="believed")
    assert messages("/s", 1) == ["believed"]
    for message, pem in (("another's", stranger), ("of another name", certified(tmp_path, region.data, "elsewhere.example"))):
        start(region, instance, 8443, pem)
        sns.publish(TopicArn=topic, Message=message)
        assert dead(1) == [message]
    start(region, instance, 8443, good)
    sns.publish(TopicArn=topic, Message="believed again")
    assert messages("/s", 2) == ["believed", "believed again"]
    assert messages("/p", 4) == ["believed", "another's", "of another name", "believed again"]


def test_an_authority_of_the_configuration_is_believed(fresh, tmp_path):
    ours, other = authority(tmp_path / "ours"), authority(tmp_path / "other")
    region = fresh("root", config=f'[sns]\nca-file = "{ours / "ca.pem"}"\n')
    network = Network(region)
    network.dns_hostnames(True)
    group = network.group("hook", ("tcp", 443, "0.0.0.0/0"), ("tcp", 8443, "0.0.0.0/0"))
    server = network.instance(network.public, [group], public=True)
    instance, name, sns = server["InstanceId"], server["PublicDnsName"], region.client("sns")
    start(region, instance, 443, certified(tmp_path, ours, name))
    start(region, instance, 8443, certified(tmp_path, other, name))
    topic = sns.create_topic(Name="configured")["TopicArn"]
    for port in (":8443", ""):
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=f"https://{name}{port}/{port}")
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(heard(region, instance, 1)[0]["body"])["Token"])
    sns.publish(TopicArn=topic, Message="hello")
    assert json.loads(heard(region, instance, 2)[1]["body"])["Message"] == "hello"
    assert len(region.run(instance, "cat /tmp/heard").stdout.splitlines()) == 2, "the stranger's server heard nothing"


def test_what_waits_for_a_retry_outlives_the_daemon(fresh):
    """Killed between two tries: the messages come once the server works again, and then no more."""
    region = fresh("root")
    network = Network(region)
    server = network.instance(network.public, [network.group("hook", ("tcp", 8080, "0.0.0.0/0"))], public=True)
    instance, sns = server["InstanceId"], region.client("sns")
    start(region, instance)
    topic = sns.create_topic(Name="outlives")["TopicArn"]
    policy = {"healthyRetryPolicy": {"numRetries": 30, "minDelayTarget": 2, "maxDelayTarget": 2}}
    url = f"http://{server['PublicIpAddress']}:8080/"
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url, Attributes={"DeliveryPolicy": json.dumps(policy)})
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(heard(region, instance, 1)[0]["body"])["Token"])
    region.run(instance, "touch /root/busy")
    sent = {sns.publish(TopicArn=topic, Message=f"message {number}")["MessageId"] for number in range(3)}
    heard(region, instance, 4)
    for busy in (True, False):
        region.kill()
        region.up()
        region.wait_running(instance)
        if not busy:
            region.run(instance, "rm /root/busy")
        # As after any reboot, /tmp is empty and nothing runs.
        start(region, instance)
        told = heard(region, instance, 3)
        assert {one["headers"]["x-amz-sns-message-id"] for one in told} <= sent
    region.client("sns").publish(TopicArn=topic, Message="last")
    told = [json.loads(one["body"]) for one in heard(region, instance, 4)]
    assert {one["MessageId"] for one in told[:3]} == sent
    assert [one["Message"] for one in told[3:]] == ["last"]


def test_what_is_refused(region):
    sns = region.client("sns")
    topic = sns.create_topic(Name="refusing")["TopicArn"]
    for protocol, endpoint, code, said in (
        ("http", "https://203.0.113.7/", "InvalidParameter", "Invalid parameter: Endpoint must match the specified protocol"),
        ("https", "http://203.0.113.7/", "InvalidParameter", "Invalid parameter: Endpoint must match the specified protocol"),
        ("https", "https://user:word@203.0.113.7/", "NotImplemented", "Endpoints with a user's name and password are not implemented."),
    ):
        with pytest.raises(ClientError) as error:
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
        assert (error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]) == (code, said)
