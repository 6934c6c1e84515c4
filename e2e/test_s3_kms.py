"""Objects encrypted by KMS: what is asked of whom, what comes back, and what lies on the disk."""

import base64
import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from test_kms import allow, code, message, user

MARK = b"plain words that no disk may show "
CLEAR = b"words that lie in the clear " * 9
#: Several stretches and a bit, and not a multiple of anything.
LARGE = MARK * 9000 + b"end"
PART = MARK * 160_000


@pytest.fixture(scope="module")
def s3(root_region):
    return root_region.client("s3")


@pytest.fixture(scope="module")
def key(root_region):
    return root_region.client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def bucket(s3):
    s3.create_bucket(Bucket="sealed")
    return "sealed"


@pytest.fixture(scope="module")
def sealed(s3, bucket, key):
    """A bucket whose default is the key."""
    s3.create_bucket(Bucket="sealed-by-default")
    s3.put_bucket_encryption(Bucket="sealed-by-default", ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]
    })
    return "sealed-by-default"


def read(s3, bucket, name, **more):
    return s3.get_object(Bucket=bucket, Key=name, **more)["Body"].read()


def on_disk(region, words):
    """Whether S3's directory holds these bytes anywhere."""
    files = [file for file in (region.data / "s3").rglob("*") if file.is_file()]
    assert files
    return any(words in file.read_bytes() for file in files)


def test_bodies_lie_encrypted_and_come_back(root_region, s3, bucket, key):
    for name, body in (("empty", b""), ("small", MARK), ("edge", b"x" * 65536), ("large", LARGE)):
        put = s3.put_object(Bucket=bucket, Key=name, Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
        assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", key)
        got = s3.get_object(Bucket=bucket, Key=name)
        assert got["Body"].read() == body and got["ContentLength"] == len(body)
        assert (got["ServerSideEncryption"], got["SSEKMSKeyId"], got["ETag"]) == ("aws:kms", key, put["ETag"])
        head = s3.head_object(Bucket=bucket, Key=name)
        assert (head["SSEKMSKeyId"], head["ContentLength"]) == (key, len(body))
    assert not on_disk(root_region, MARK)
    s3.put_object(Bucket=bucket, Key="clear", Body=CLEAR)
    assert s3.head_object(Bucket=bucket, Key="clear")["ServerSideEncryption"] == "AES256"
    assert on_disk(root_region, CLEAR), "the probe itself finds what is not encrypted"
    s3.delete_object(Bucket=bucket, Key="clear")


def test_ranges_of_an_encrypted_object(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key="ranges", Body=LARGE, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    size = len(LARGE)
    for first, last in ((0, 0), (0, 65535), (65535, 65536), (65536, 131071), (100_000, 250_000), (size - 5, size - 1), (7, size + 9)):
        assert read(s3, bucket, "ranges", Range=f"bytes={first}-{last}") == LARGE[first:last + 1], (first, last)
    assert read(s3, bucket, "ranges", Range="bytes=-70000") == LARGE[-70000:]


def test_an_upload_in_parts(root_region, s3, bucket, key):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="parts", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert begun["SSEKMSKeyId"] == key
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": begun["UploadId"]}
    s3.upload_part(**upload, PartNumber=1, Body=b"thrown away" + PART)
    first = s3.upload_part(**upload, PartNumber=1, Body=PART)
    assert first["SSEKMSKeyId"] == key
    s3.put_object(Bucket=bucket, Key="source", Body=LARGE, ServerSideEncryption="aws:kms")
    second = s3.upload_part_copy(
        **upload, PartNumber=2, CopySource=f"{bucket}/source", CopySourceRange="bytes=10-200000"
    )
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]}]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert done["SSEKMSKeyId"] == key and done["ETag"].endswith('-2"')
    whole = PART + LARGE[10:200_001]
    assert read(s3, bucket, "parts") == whole
    assert read(s3, bucket, "parts", PartNumber=2) == LARGE[10:200_001]
    at = len(PART)
    assert read(s3, bucket, "parts", Range=f"bytes={at - 100}-{at + 99_999}") == whole[at - 100:at + 100_000]
    assert not on_disk(root_region, MARK)


def test_copies_get_what_their_own_place_asks_for(root_region, s3, bucket, sealed, key):
    s3.put_object(Bucket=bucket, Key="from", Body=LARGE, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, Metadata={"a": "b"})
    source = {"Bucket": bucket, "Key": "from"}
    copy = s3.copy_object(Bucket=sealed, Key="to", CopySource=source)
    assert copy["SSEKMSKeyId"] == key and read(s3, sealed, "to") == LARGE
    assert s3.head_object(Bucket=sealed, Key="to")["Metadata"] == {"a": "b"}
    # The source's encryption does not come along.
    s3.copy_object(Bucket=bucket, Key="opened", CopySource=source)
    opened = s3.get_object(Bucket=bucket, Key="opened")
    assert opened["ServerSideEncryption"] == "AES256" and "SSEKMSKeyId" not in opened and opened["Body"].read() == LARGE
    assert on_disk(root_region, MARK)
    # A copy onto itself encrypts what was not.
    s3.copy_object(Bucket=bucket, Key="opened", CopySource={"Bucket": bucket, "Key": "opened"}, ServerSideEncryption="aws:kms")
    again = s3.get_object(Bucket=bucket, Key="opened")
    assert again["ServerSideEncryption"] == "aws:kms" and again["Body"].read() == LARGE


def test_the_default_of_a_bucket(root_region, s3, sealed, key):
    rule = s3.get_bucket_encryption(Bucket=sealed)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert s3.put_object(Bucket=sealed, Key="a", Body=b"a")["SSEKMSKeyId"] == key
    assert s3.put_object(Bucket=sealed, Key="a", Body=b"a", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    managed = s3.put_object(Bucket=sealed, Key="a", Body=b"a", ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
    aliases = {a["AliasName"]: a for a in root_region.client("kms").list_aliases()["Aliases"]}
    assert managed.endswith(aliases["alias/aws/s3"]["TargetKeyId"])
    root_region.aws("s3api", "put-bucket-encryption", "--bucket", sealed, "--server-side-encryption-configuration", json.dumps(
        {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": True}]}
    ))
    put = s3.put_object(Bucket=sealed, Key="b", Body=b"b")
    assert put["BucketKeyEnabled"] is True and read(s3, sealed, "b") == b"b"
    s3.delete_bucket_encryption(Bucket=sealed)
    rule = s3.get_bucket_encryption(Bucket=sealed)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.put_object(Bucket=sealed, Key="c", Body=b"c")["ServerSideEncryption"] == "AES256"
    assert read(s3, sealed, "b") == b"b"


def test_who_may_not_use_the_key(root_region, s3, bucket, key):
    account = root_region.client("sts").get_caller_identity()["Account"]
    s3.put_object(Bucket=bucket, Key="asked", Body=MARK, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    plain = user(root_region, "s3-alone", allow("s3:*"))("s3")
    with pytest.raises(ClientError) as error:
        plain.get_object(Bucket=bucket, Key="asked")
    sentence = (
        f"User: arn:aws:iam::{account}:user/s3-alone is not authorized to perform: kms:{{0}} on resource: {key} because no "
        "identity-based policy allows the kms:{0} action"
    )
    assert (code(error), message(error)) == ("AccessDenied", sentence.format("Decrypt"))
    assert plain.head_object(Bucket=bucket, Key="asked")["SSEKMSKeyId"] == key
    with pytest.raises(ClientError) as error:
        plain.put_object(Bucket=bucket, Key="mine", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert (code(error), message(error)) == ("AccessDenied", sentence.format("GenerateDataKey"))
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=bucket, Key="mine")
    assert code(error) == "404", "what was refused must not be there"
    with pytest.raises(ClientError) as error:
        plain.copy_object(Bucket=bucket, Key="mine", CopySource=f"{bucket}/asked")
    assert message(error) == sentence.format("Decrypt")


def test_the_key_learns_of_the_object_and_of_s3(root_region, s3, bucket, key):
    arn = f"arn:aws:s3:::{bucket}/bound/*"
    bound = user(
        root_region, "bound", allow("s3:*"),
        allow(["kms:GenerateDataKey", "kms:Decrypt"], key, StringLike={"kms:EncryptionContext:aws:s3:arn": arn},
              StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"}),
    )
    here, there = bound("s3"), bound("kms")
    given = base64.b64encode(json.dumps({"team": "blue"}).encode()).decode()
    put = here.put_object(
        Bucket=bucket, Key="bound/a", Body=b"a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key, SSEKMSEncryptionContext=given
    )
    assert put["SSEKMSEncryptionContext"] == given
    assert read(here, bucket, "bound/a") == b"a"
    with pytest.raises(ClientError) as error:
        here.put_object(Bucket=bucket, Key="free/a", Body=b"a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert "kms:GenerateDataKey" in message(error)
    # The bucket's own ARN is the context when a Bucket Key is used.
    with pytest.raises(ClientError) as error:
        here.put_object(Bucket=bucket, Key="bound/b", Body=b"b", ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)
    assert "kms:GenerateDataKey" in message(error)
    with pytest.raises(ClientError) as error:
        there.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"aws:s3:arn": f"arn:aws:s3:::{bucket}/bound/a"})
    assert code(error) == "AccessDeniedException", "S3's permission is none to ask KMS directly"


def test_keys_that_cannot(root_region, s3, bucket):
    kms = root_region.client("kms")
    account = root_region.client("sts").get_caller_identity()["Account"]
    gone = f"arn:aws:kms:us-east-1:{account}:key/12345678-1234-1234-1234-123456789012"
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=gone)
    assert (code(error), message(error)) == ("KMS.NotFoundException", f"Key '{gone}' does not exist")
    made = kms.create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=made)
    kms.disable_key(KeyId=made)
    for call in (
        lambda: s3.get_object(Bucket=bucket, Key="x"),
        lambda: s3.put_object(Bucket=bucket, Key="y", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=made),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert (code(error), message(error)) == ("KMS.DisabledException", f"{made} is disabled.")
    kms.enable_key(KeyId=made)
    assert read(s3, bucket, "x") == b"x"


def test_wrong_requests(root_region, s3, bucket, key):
    put = lambda **more: s3.put_object(Bucket=bucket, Key="wrong", Body=b"x", **more)  # noqa: E731
    for more, said in (
        ({"SSEKMSKeyId": key}, "requires HTTP header x-amz-server-side-encryption : aws:kms"),
        ({"SSEKMSKeyId": key, "ServerSideEncryption": "AES256"}, "requires HTTP header x-amz-server-side-encryption : aws:kms"),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSEncryptionContext": "no JSON"}, "x-amz-server-side-encryption-context"),
        ({"ServerSideEncryption": "none"}, "The encryption method specified is not supported"),
    ):
        with pytest.raises(ClientError) as error:
            put(**more)
        assert code(error) == "InvalidArgument" and said in message(error), more
    with pytest.raises(ClientError) as error:
        put(ServerSideEncryption="aws:kms:dsse")
    assert code(error) == "NotImplemented"
    # Nobody in particular cannot be asked about at KMS, whatever the bucket says.
    s3.put_object(Bucket=bucket, Key="public", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/public"}}))
    from botocore import UNSIGNED
    with pytest.raises(ClientError) as error:
        root_region.client("s3", config=Config(signature_version=UNSIGNED)).get_object(Bucket=bucket, Key="public")
    assert code(error) == "InvalidArgument" and "require AWS Signature Version 4" in message(error)


def test_after_kill_and_by_the_cli_through_the_endpoint(fresh):
    region = fresh()
    s3, kms = region.client("s3"), region.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="large", Body=LARGE, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    begun = s3.create_multipart_upload(Bucket="kept", Key="parts", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    upload = {"Bucket": "kept", "Key": "parts", "UploadId": begun["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=LARGE)
    region.kill()
    region.up()
    s3 = region.client("s3")
    assert read(s3, "kept", "large") == LARGE
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert read(s3, "kept", "parts") == LARGE
    from network import Network
    network = Network(region)
    network.gateway_endpoint(network.private_table)
    instance = network.instance(network.private)["InstanceId"]
    network.credentials(instance)
    region.run(
        instance,
        "head -c 12000000 /dev/urandom > /tmp/in && "
        f"aws s3 cp --quiet --sse aws:kms --sse-kms-key-id {key} /tmp/in s3://kept/in && aws s3 cp --quiet s3://kept/in /tmp/out && "
        "cmp /tmp/in /tmp/out", timeout=120,
    )
    assert s3.head_object(Bucket="kept", Key="in")["SSEKMSKeyId"] == key
    # Without TLS, from within the VPC, not even its owner gets it.
    refused = region.run(instance, "aws s3api get-object --endpoint-url http://s3.us-east-1.amazonaws.com --bucket kept --key in /tmp/no", check=False)
    assert "must be made over a secure connection" in refused.stderr
