"""S3 as boto3 sees it: `python e2e/s3_boto3.py http://127.0.0.1:PORT`, credentials from the environment.

Every case makes and removes its own buckets; every answer is held against the public model. The status is 0 only if all cases pass; names given behind the URL run
those cases alone.
"""

import base64
import hashlib
import io
import json
import os
import ssl
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid
import zlib

import boto3
import botocore.session
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.client import Config
from botocore.exceptions import ClientError

import model_check

URL = sys.argv[1]
MIB = 1024 * 1024
CASES = []


def client(region="us-east-1", **config):
    config.setdefault("retries", {"max_attempts": 1})
    config.setdefault("s3", {"addressing_style": "path"})
    made = boto3.client("s3", endpoint_url=URL, region_name=region, verify=VERIFY, config=Config(**config))
    model_check.watch(made)
    return made


VERIFY = None
S3 = client()


def case(function):
    CASES.append(function)
    return function


class Bucket:
    """A bucket for one case, emptied and removed behind it."""

    def __init__(self, s3=None, region=None, tags=None):
        self.s3, self.name = s3 or S3, "case-" + uuid.uuid4().hex[:20]
        self.configuration = {"LocationConstraint": region} if region else {"Tags": tags} if tags else None

    def __enter__(self):
        extra = {"CreateBucketConfiguration": self.configuration} if self.configuration else {}
        self.s3.create_bucket(Bucket=self.name, **extra)
        return self.name

    def __exit__(self, *_):
        try:
            self.s3.delete_bucket_policy(Bucket=self.name)
            empty(self.name, self.s3)
            self.s3.delete_bucket(Bucket=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def empty(bucket, s3=None):
    s3 = s3 or S3
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if found:
            objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found]
            reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            assert not reply.get("Errors"), reply


def refused(code, status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as error:
        got = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        assert got == (code, status), f"wanted {code} {status}, got {got}: {error}"
        return error.response
    raise AssertionError(f"wanted {code}, but it was done")


def fetch(url, data=None, method=None, headers=None):
    context = None
    if VERIFY and url.startswith("https"):
        context = ssl.create_default_context(cafile=VERIFY)
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as reply:
            return reply.status, reply.read(), reply.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


@case
def buckets():
    with Bucket() as name:
        listed = S3.list_buckets()
        assert name in [b["Name"] for b in listed["Buckets"]]
        assert len(listed["Owner"]["ID"]) == 64
        head = S3.head_bucket(Bucket=name)
        assert head["BucketRegion"] == "us-east-1", head
        assert S3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
        S3.create_bucket(Bucket=name)  # no error in us-east-1 for its owner
        S3.put_object(Bucket=name, Key="k", Body=b"x")
        refused("BucketNotEmpty", 409, S3.delete_bucket, Bucket=name)
        S3.delete_object(Bucket=name, Key="k")
    with Bucket(tags=[{"Key": "team", "Value": "core"}]) as name:
        assert S3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "core"}]
    refused("NoSuchBucket", 404, S3.delete_bucket, Bucket=name)
    refused("NoSuchBucket", 404, S3.list_objects_v2, Bucket=name)
    refused("404", 404, S3.head_bucket, Bucket=name)
    refused("InvalidBucketName", 400, S3.create_bucket, Bucket="Not_A_Name")
    pages = list(S3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1}))
    assert all(len(p["Buckets"]) <= 1 for p in pages)


@case
def regions():
    with Bucket(region="eu-west-1") as name:
        assert S3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
        west = client("eu-west-1")
        west.put_object(Bucket=name, Key="k", Body=b"there")
        assert west.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
        refused("BucketAlreadyOwnedByYou", 409, west.create_bucket, Bucket=name,
                CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        signed = client(signature_version="s3v4").generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"})
        status, body, headers = fetch(signed)
        assert status == 400 and b"<Region>eu-west-1</Region>" in body, (status, body)
        assert headers["x-amz-bucket-region"] == "eu-west-1"
        elsewhere = client("us-west-2", signature_version="s3v4").generate_presigned_url(
            "get_object", Params={"Bucket": name, "Key": "k"})
        status, body, _ = fetch(elsewhere, method="GET")
        assert status == 301 and b"PermanentRedirect" in body, (status, body)
        # boto3 finds the way by itself.
        assert S3.get_object(Bucket=name, Key="k")["Body"].read() == b"there"
        empty(name, west)
    refused("IllegalLocationConstraintException", 400, client("eu-west-1").create_bucket, Bucket="case-" + uuid.uuid4().hex[:9])
    refused("InvalidLocationConstraint", 400, S3.create_bucket, Bucket="case-" + uuid.uuid4().hex[:9],
            CreateBucketConfiguration={"LocationConstraint": "nowhere"})


@case
def objects():
    with Bucket() as name:
        body = b"hello, world"
        put = S3.put_object(Bucket=name, Key="a/b c+d/é.txt", Body=body, ContentType="text/plain", CacheControl="no-cache",
                            ContentDisposition="inline", ContentLanguage="en", ContentEncoding="identity",
                            Metadata={"Team": "core", "note": "a b"}, StorageClass="STANDARD_IA")
        assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"', put["ETag"]
        assert put["ServerSideEncryption"] == "AES256"
        got = S3.get_object(Bucket=name, Key="a/b c+d/é.txt")
        assert got["Body"].read() == body
        assert got["ContentType"] == "text/plain" and got["CacheControl"] == "no-cache"
        assert got["ContentDisposition"] == "inline" and got["ContentLanguage"] == "en"
        assert got["ContentEncoding"] == "identity", got["ContentEncoding"]
        assert got["StorageClass"] == "STANDARD_IA" and got["Metadata"]["team"] == "core", got["Metadata"]
        assert got["AcceptRanges"] == "bytes" and got["ContentLength"] == len(body)
        head = S3.head_object(Bucket=name, Key="a/b c+d/é.txt")
        assert head["ContentLength"] == len(body) and head["ETag"] == put["ETag"] and "VersionId" not in head
        # The model knows no class but STANDARD in a listing of versions, though S3 shows others too.
        S3.delete_object(Bucket=name, Key="a/b c+d/é.txt")
        S3.put_object(Bucket=name, Key="empty", Body=b"")
        assert S3.get_object(Bucket=name, Key="empty")["Body"].read() == b""
        assert S3.get_object(Bucket=name, Key="empty")["ContentType"] == "binary/octet-stream"
        error = refused("NoSuchKey", 404, S3.get_object, Bucket=name, Key="none")
        assert error["Error"]["Key"] == "none" and error["ResponseMetadata"]["RequestId"], error
        refused("404", 404, S3.head_object, Bucket=name, Key="none")
        S3.delete_object(Bucket=name, Key="none")
        refused("KeyTooLongError", 400, S3.put_object, Bucket=name, Key="k" * 1025, Body=b"")
        S3.put_object(Bucket=name, Key="k" * 1024, Body=b"long")
        refused("InvalidStorageClass", 400, S3.put_object, Bucket=name, Key="k", Body=b"", StorageClass="WARM")
        refused("MetadataTooLarge", 400, S3.put_object, Bucket=name, Key="k", Body=b"", Metadata={"m": "x" * 3000})
        refused("NotImplemented", 501, S3.put_object, Bucket=name, Key="k", Body=b"", ServerSideEncryption="aws:kms:dsse")
        reply = S3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "empty"}, {"Key": "nothing"}]})
        assert [d["Key"] for d in reply["Deleted"]] == ["empty", "nothing"], reply
        refused("NoSuchKey", 404, S3.get_object, Bucket=name, Key="empty")


@case
def ranges():
    with Bucket() as name:
        for key, body in (("small", bytes(range(256))), ("large", bytes(range(256)) * 4096)):
            S3.put_object(Bucket=name, Key=key, Body=body)
            size = len(body)
            for text, want in (("bytes=0-9", body[:10]), ("bytes=250-", body[250:]), ("bytes=-7", body[-7:]),
                               (f"bytes={size - 1}-{size + 99}", body[-1:]), ("bytes=100-199", body[100:200])):
                got = S3.get_object(Bucket=name, Key=key, Range=text)
                data = got["Body"].read()
                assert data == want, (key, text, len(data))
                assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
                assert got["ContentRange"].endswith(f"/{size}"), got["ContentRange"]
            error = refused("InvalidRange", 416, S3.get_object, Bucket=name, Key=key, Range=f"bytes={size}-")
            assert error["Error"]["ActualObjectSize"] == str(size), error


@case
def conditions():
    with Bucket() as name:
        first = S3.put_object(Bucket=name, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
        refused("PreconditionFailed", 412, S3.put_object, Bucket=name, Key="k", Body=b"2", IfNoneMatch="*")
        refused("PreconditionFailed", 412, S3.put_object, Bucket=name, Key="k", Body=b"2", IfMatch='"00"')
        refused("NoSuchKey", 404, S3.put_object, Bucket=name, Key="none", Body=b"2", IfMatch=first)
        S3.put_object(Bucket=name, Key="k", Body=b"2", IfMatch=first)
        got = S3.get_object(Bucket=name, Key="k")
        etag, when = got["ETag"], got["LastModified"]
        assert got["Body"].read() == b"2"
        refused("304", 304, S3.get_object, Bucket=name, Key="k", IfNoneMatch=etag)
        refused("304", 304, S3.get_object, Bucket=name, Key="k", IfModifiedSince=when)
        refused("PreconditionFailed", 412, S3.get_object, Bucket=name, Key="k", IfMatch=first)
        refused("412", 412, S3.head_object, Bucket=name, Key="k", IfMatch=first)
        S3.get_object(Bucket=name, Key="k", IfMatch=etag, IfUnmodifiedSince="2001-01-01T00:00:00Z")
        refused("PreconditionFailed", 412, S3.get_object, Bucket=name, Key="k", IfUnmodifiedSince="2001-01-01T00:00:00Z")


@case
def checksums():
    with Bucket() as name:
        body = b"123456789"
        want = {"CRC32": "y/Q5Jg==", "CRC32C": "4waSgw==", "CRC64NVME": "rosUhgp5mIg=",
                "SHA1": base64.b64encode(hashlib.sha1(body).digest()).decode(),
                "SHA256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            put = S3.put_object(Bucket=name, Key=algorithm, Body=body, ChecksumAlgorithm=algorithm)
            assert put["Checksum" + algorithm] == want[algorithm], put
            stream = S3.put_object(Bucket=name, Key=algorithm, Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)
            assert stream["Checksum" + algorithm] == want[algorithm], stream
        for algorithm, value in want.items():
            S3.put_object(Bucket=name, Key=algorithm, Body=body, **{"Checksum" + algorithm: value})
            got = S3.get_object(Bucket=name, Key=algorithm, ChecksumMode="ENABLED")
            assert got["Checksum" + algorithm] == value and got["ChecksumType"] == "FULL_OBJECT", got
            if algorithm in ("CRC32", "SHA1", "SHA256"):
                assert got["Body"].read() == body
            wrong = base64.b64encode(bytes(len(base64.b64decode(value)))).decode()
            refused("BadDigest", 400, S3.put_object, Bucket=name, Key="bad", Body=body, **{"Checksum" + algorithm: wrong})
        refused("BadDigest", 400, S3.put_object, Bucket=name, Key="bad", Body=body,
                ContentMD5=base64.b64encode(bytes(16)).decode())
        refused("InvalidDigest", 400, S3.put_object, Bucket=name, Key="bad", Body=body, ContentMD5="nonsense")
        refused("NoSuchKey", 404, S3.get_object, Bucket=name, Key="bad")
        attributes = S3.get_object_attributes(Bucket=name, Key="SHA256",
                                              ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass"])
        assert attributes["Checksum"]["ChecksumSHA256"] == want["SHA256"], attributes
        assert attributes["ObjectSize"] == 9 and attributes["StorageClass"] == "STANDARD", attributes
        plain = client(request_checksum_calculation="when_required", response_checksum_validation="when_required")
        plain.put_object(Bucket=name, Key="plain", Body=body)
        got = S3.head_object(Bucket=name, Key="plain", ChecksumMode="ENABLED")
        assert got["ChecksumCRC64NVME"] == want["CRC64NVME"], got


@case
def large_bodies():
    with Bucket() as name:
        body = bytes(hashlib.sha256(b"seed").digest()) * (8 * MIB // 32)
        for key, data in (("bytes", body), ("stream", io.BytesIO(body))):
            S3.put_object(Bucket=name, Key=key, Body=data)
            assert hashlib.md5(S3.get_object(Bucket=name, Key=key)["Body"].read()).digest() == hashlib.md5(body).digest()
        for size in (64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, MIB):
            S3.put_object(Bucket=name, Key="edge", Body=body[:size])
            assert S3.get_object(Bucket=name, Key="edge")["Body"].read() == body[:size]
        S3.copy_object(Bucket=name, Key="copy", CopySource={"Bucket": name, "Key": "stream"})
        S3.delete_object(Bucket=name, Key="stream")
        assert S3.get_object(Bucket=name, Key="copy")["Body"].read() == body


@case
def copies():
    with Bucket() as one, Bucket() as two:
        S3.put_object(Bucket=one, Key="a/é 1", Body=b"copied", ContentType="text/plain", Metadata={"m": "1"}, Tagging="t=1")
        reply = S3.copy_object(Bucket=two, Key="b", CopySource={"Bucket": one, "Key": "a/é 1"})
        assert reply["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"copied").hexdigest()}"'
        got = S3.get_object(Bucket=two, Key="b")
        assert got["Body"].read() == b"copied" and got["Metadata"] == {"m": "1"} and got["ContentType"] == "text/plain"
        assert S3.get_object_tagging(Bucket=two, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]
        S3.copy_object(Bucket=two, Key="b", CopySource={"Bucket": two, "Key": "b"}, MetadataDirective="REPLACE",
                       Metadata={"m": "2"}, TaggingDirective="REPLACE", Tagging="t=2")
        assert S3.head_object(Bucket=two, Key="b")["Metadata"] == {"m": "2"}
        assert S3.get_object_tagging(Bucket=two, Key="b")["TagSet"] == [{"Key": "t", "Value": "2"}]
        S3.delete_object(Bucket=one, Key="a/é 1")
        assert S3.get_object(Bucket=two, Key="b")["Body"].read() == b"copied"
        S3.put_object(Bucket=two, Key="other", Body=b"x")
        S3.copy_object(Bucket=two, Key="c", CopySource={"Bucket": two, "Key": "b"})
        S3.put_object(Bucket=two, Key="b", Body=b"written over")
        assert S3.get_object(Bucket=two, Key="c")["Body"].read() == b"copied"
        refused("InvalidRequest", 400, S3.copy_object, Bucket=two, Key="b", CopySource={"Bucket": two, "Key": "b"})
        refused("NoSuchKey", 404, S3.copy_object, Bucket=two, Key="c", CopySource={"Bucket": one, "Key": "none"})
        refused("NoSuchBucket", 404, S3.copy_object, Bucket=two, Key="c", CopySource={"Bucket": one + "x", "Key": "none"})
        refused("PreconditionFailed", 412, S3.copy_object, Bucket=two, Key="c", CopySource={"Bucket": two, "Key": "b"},
                CopySourceIfMatch='"00"')
        refused("AccessDenied", 403, S3.get_object, Bucket=two, Key="b", ExpectedBucketOwner="000000000001")
        refused("AccessDenied", 403, S3.copy_object, Bucket=two, Key="c", CopySource={"Bucket": two, "Key": "b"},
                ExpectedSourceBucketOwner="000000000001")


@case
def listing():
    with Bucket() as name:
        keys = ["a", "b/1", "b/2", "b/c/3", "b/c/4", "d e", "f&g", "z/é"] + [f"n/{n:03}" for n in range(30)]
        for key in keys:
            S3.put_object(Bucket=name, Key=key, Body=key.encode())
        keys.sort(key=lambda k: k.encode())
        for operation in ("list_objects", "list_objects_v2"):
            pages = list(S3.get_paginator(operation).paginate(Bucket=name, PaginationConfig={"PageSize": 7}))
            got = [o["Key"] for p in pages for o in p["Contents"]]
            assert got == keys, got
            assert all(len(p["Contents"]) == 7 for p in pages[:-1])
            pages = S3.get_paginator(operation).paginate(Bucket=name, Delimiter="/", PaginationConfig={"PageSize": 2})
            entries = [o["Key"] for p in pages for o in p.get("Contents", [])]
            pages = S3.get_paginator(operation).paginate(Bucket=name, Delimiter="/", PaginationConfig={"PageSize": 2})
            prefixes = [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])]
            assert entries == ["a", "d e", "f&g"] and prefixes == ["b/", "n/", "z/"], (operation, entries, prefixes)
            inside = getattr(S3, operation)(Bucket=name, Prefix="b/", Delimiter="/")
            assert [o["Key"] for o in inside["Contents"]] == ["b/1", "b/2"]
            assert [c["Prefix"] for c in inside["CommonPrefixes"]] == ["b/c/"]
            none = getattr(S3, operation)(Bucket=name, Prefix="nothing")
            assert "Contents" not in none and not none["IsTruncated"]
        v2 = S3.list_objects_v2(Bucket=name, StartAfter="n/027", FetchOwner=True)
        assert [o["Key"] for o in v2["Contents"]] == ["n/028", "n/029", "z/é"] and v2["KeyCount"] == 3
        assert v2["Contents"][0]["Owner"]["ID"] and v2["Contents"][0]["Size"] == 5
        assert v2["Contents"][0]["StorageClass"] == "STANDARD"
        zero = S3.list_objects_v2(Bucket=name, MaxKeys=0)
        assert zero["KeyCount"] == 0 and not zero["IsTruncated"]
        refused("InvalidArgument", 400, S3.list_objects_v2, Bucket=name, MaxKeys=-1)
        refused("InvalidArgument", 400, S3.list_objects_v2, Bucket=name, ContinuationToken="!!")


@case
def versions():
    with Bucket() as name:
        assert "Status" not in S3.get_bucket_versioning(Bucket=name)
        S3.put_object(Bucket=name, Key="k", Body=b"null")
        S3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        assert S3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        one = S3.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
        two = S3.put_object(Bucket=name, Key="k", Body=b"2")["VersionId"]
        assert len({one, two, "null"}) == 3
        for version, body in (("null", b"null"), (one, b"1"), (two, b"2")):
            got = S3.get_object(Bucket=name, Key="k", VersionId=version)
            assert got["Body"].read() == body and got["VersionId"] == version
        marker = S3.delete_object(Bucket=name, Key="k")
        assert marker["DeleteMarker"] is True
        error = refused("NoSuchKey", 404, S3.get_object, Bucket=name, Key="k")
        assert error["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
        refused("MethodNotAllowed", 405, S3.get_object, Bucket=name, Key="k", VersionId=marker["VersionId"])
        refused("405", 405, S3.head_object, Bucket=name, Key="k", VersionId=marker["VersionId"])
        listed = S3.list_object_versions(Bucket=name)
        assert [v["VersionId"] for v in listed["Versions"]] == [two, one, "null"], listed
        assert not any(v["IsLatest"] for v in listed["Versions"])
        assert [(m["VersionId"], m["IsLatest"]) for m in listed["DeleteMarkers"]] == [(marker["VersionId"], True)]
        pages = S3.get_paginator("list_object_versions").paginate(Bucket=name, PaginationConfig={"PageSize": 1})
        got = [v["VersionId"] for p in pages for v in p.get("Versions", []) + p.get("DeleteMarkers", [])]
        assert got == [marker["VersionId"], two, one, "null"], got
        removed = S3.delete_object(Bucket=name, Key="k", VersionId=marker["VersionId"])
        assert removed["DeleteMarker"] is True and removed["VersionId"] == marker["VersionId"]
        assert S3.get_object(Bucket=name, Key="k")["Body"].read() == b"2"
        S3.delete_object(Bucket=name, Key="k", VersionId=two)
        assert S3.get_object(Bucket=name, Key="k")["Body"].read() == b"1"
        refused("NoSuchVersion", 404, S3.get_object, Bucket=name, Key="k", VersionId=two)
        refused("InvalidArgument", 400, S3.get_object, Bucket=name, Key="k", VersionId="junk!")
        copied = S3.copy_object(Bucket=name, Key="k", CopySource={"Bucket": name, "Key": "k", "VersionId": "null"})
        assert copied["CopySourceVersionId"] == "null"
        assert S3.get_object(Bucket=name, Key="k")["Body"].read() == b"null"
        S3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        assert S3.put_object(Bucket=name, Key="k", Body=b"plain")["VersionId"] == "null"
        listed = S3.list_object_versions(Bucket=name, Prefix="k")["Versions"]
        assert [v["VersionId"] for v in listed] == ["null", copied["VersionId"], one], listed
        assert S3.delete_object(Bucket=name, Key="k")["VersionId"] == "null"
        refused("BucketNotEmpty", 409, S3.delete_bucket, Bucket=name)


@case
def tags():
    with Bucket() as name:
        S3.put_object(Bucket=name, Key="k", Body=b"", Tagging="a=1&b=x%20y")
        assert S3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
        assert S3.get_object(Bucket=name, Key="k")["TagCount"] == 2
        S3.put_object_tagging(Bucket=name, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
        assert S3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == [{"Key": "c", "Value": "3"}]
        S3.delete_object_tagging(Bucket=name, Key="k")
        assert S3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == []
        many = [{"Key": f"k{n}", "Value": ""} for n in range(11)]
        refused("BadRequest", 400, S3.put_object_tagging, Bucket=name, Key="k", Tagging={"TagSet": many})
        twice = [{"Key": "a", "Value": ""}, {"Key": "a", "Value": ""}]
        refused("InvalidTag", 400, S3.put_object_tagging, Bucket=name, Key="k", Tagging={"TagSet": twice})
        refused("NoSuchKey", 404, S3.get_object_tagging, Bucket=name, Key="none")
        refused("NoSuchTagSet", 404, S3.get_bucket_tagging, Bucket=name)
        S3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "team", "Value": "core"}]})
        assert S3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "core"}]
        S3.delete_bucket_tagging(Bucket=name)
        refused("NoSuchTagSet", 404, S3.get_bucket_tagging, Bucket=name)


@case
def multipart():
    with Bucket() as name:
        body = bytes(hashlib.sha256(b"part").digest()) * (5 * MIB // 32)
        upload = S3.create_multipart_upload(Bucket=name, Key="m", ContentType="text/x", Metadata={"m": "1"},
                                            ChecksumAlgorithm="CRC32")["UploadId"]
        assert [u["UploadId"] for u in S3.list_multipart_uploads(Bucket=name)["Uploads"]] == [upload]
        parts = []
        for number, data in ((1, body), (3, body), (7, b"tail")):
            part = S3.upload_part(Bucket=name, Key="m", UploadId=upload, PartNumber=number, Body=data)
            assert part["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
            parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
        listed = S3.list_parts(Bucket=name, Key="m", UploadId=upload)
        assert [(p["PartNumber"], p["Size"]) for p in listed["Parts"]] == [(1, 5 * MIB), (3, 5 * MIB), (7, 4)]
        page = S3.list_parts(Bucket=name, Key="m", UploadId=upload, MaxParts=1, PartNumberMarker=1)
        assert [p["PartNumber"] for p in page["Parts"]] == [3] and page["IsTruncated"]
        complete = lambda chosen: S3.complete_multipart_upload(Bucket=name, Key="m", UploadId=upload, MultipartUpload={"Parts": chosen})
        refused("InvalidPartOrder", 400, complete, parts[::-1])
        refused("InvalidPart", 400, complete, [{"PartNumber": 2, "ETag": '"00"'}])
        last = S3.upload_part(Bucket=name, Key="m", UploadId=upload, PartNumber=8, Body=b"x")["ETag"]
        refused("EntityTooSmall", 400, complete, [parts[2], {"PartNumber": 8, "ETag": last}])
        done = complete(parts)
        digests = b"".join(hashlib.md5(d).digest() for d in (body, body, b"tail"))
        assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"', done["ETag"]
        crcs = b"".join(zlib.crc32(d).to_bytes(4, "big") for d in (body, body, b"tail"))
        assert done["ChecksumCRC32"] == base64.b64encode(zlib.crc32(crcs).to_bytes(4, "big")).decode() + "-3", done
        got = S3.get_object(Bucket=name, Key="m")
        assert got["Body"].read() == body + body + b"tail" and got["ContentType"] == "text/x"
        part = S3.get_object(Bucket=name, Key="m", PartNumber=3)
        assert part["Body"].read() == b"tail" and part["PartsCount"] == 3, part
        across = S3.get_object(Bucket=name, Key="m", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")["Body"].read()
        assert across == (body + body)[5 * MIB - 2:5 * MIB + 2]
        attributes = S3.get_object_attributes(Bucket=name, Key="m", ObjectAttributes=["ObjectParts", "ObjectSize"])
        assert attributes["ObjectParts"]["TotalPartsCount"] == 3, attributes
        refused("NoSuchUpload", 404, complete, parts)
        copied = S3.copy_object(Bucket=name, Key="c", CopySource={"Bucket": name, "Key": "m"})
        whole = hashlib.md5(body + body + b"tail").hexdigest()
        assert copied["CopyObjectResult"]["ETag"] == f'"{whole}"'
        upload = S3.create_multipart_upload(Bucket=name, Key="p")["UploadId"]
        part = S3.upload_part_copy(Bucket=name, Key="p", UploadId=upload, PartNumber=1,
                                   CopySource={"Bucket": name, "Key": "m"}, CopySourceRange=f"bytes=1-{5 * MIB}")
        S3.complete_multipart_upload(Bucket=name, Key="p", UploadId=upload, MultipartUpload={
            "Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]})
        assert S3.get_object(Bucket=name, Key="p")["Body"].read() == (body + body)[1:5 * MIB + 1]
        upload = S3.create_multipart_upload(Bucket=name, Key="gone")["UploadId"]
        S3.upload_part(Bucket=name, Key="gone", UploadId=upload, PartNumber=1, Body=b"x")
        S3.abort_multipart_upload(Bucket=name, Key="gone", UploadId=upload)
        refused("NoSuchUpload", 404, S3.list_parts, Bucket=name, Key="gone", UploadId=upload)
        refused("NoSuchUpload", 404, S3.abort_multipart_upload, Bucket=name, Key="gone", UploadId=upload)
        assert "Uploads" not in S3.list_multipart_uploads(Bucket=name)


@case
def transfer_manager():
    with Bucket() as name:
        body = bytes(hashlib.sha256(b"transfer").digest()) * (20 * MIB // 32) + b"odd"
        config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=4)
        S3.upload_fileobj(io.BytesIO(body), name, "big", Config=config)
        assert S3.head_object(Bucket=name, Key="big")["ETag"].endswith('-3"')
        got = io.BytesIO()
        S3.download_fileobj(name, "big", got, Config=config)
        assert got.getvalue() == body


@case
def policies():
    with Bucket() as name:
        refused("NoSuchBucketPolicy", 404, S3.get_bucket_policy, Bucket=name)
        statement = {"Sid": "NotSecret", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
                     "Resource": f"arn:aws:s3:::{name}/secret/*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        S3.put_bucket_policy(Bucket=name, Policy=text)
        assert json.loads(S3.get_bucket_policy(Bucket=name)["Policy"]) == json.loads(text)
        S3.put_object(Bucket=name, Key="secret/k", Body=b"")
        S3.put_object(Bucket=name, Key="open/k", Body=b"")
        error = refused("AccessDenied", 403, S3.get_object, Bucket=name, Key="secret/k")
        assert error["Error"]["Message"].endswith("with an explicit deny in a resource-based policy"), error
        assert f'on resource: "arn:aws:s3:::{name}/secret/k"' in error["Error"]["Message"], error
        refused("403", 403, S3.head_object, Bucket=name, Key="secret/k")
        S3.get_object(Bucket=name, Key="open/k")
        assert S3.get_bucket_policy_status(Bucket=name)["PolicyStatus"]["IsPublic"] is False
        S3.delete_bucket_policy(Bucket=name)
        S3.get_object(Bucket=name, Key="secret/k")
        for broken in ("nonsense", "{}", text.replace(name, "another-bucket"), text.replace("s3:GetObject", "ec2:Run")):
            refused("MalformedPolicy", 400, S3.put_bucket_policy, Bucket=name, Policy=broken)
        deny = json.dumps({"Version": "2012-10-17", "Statement": {
            "Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject"], "Resource": f"arn:aws:s3:::{name}/keep/*"}})
        S3.put_bucket_policy(Bucket=name, Policy=deny)
        S3.put_object(Bucket=name, Key="keep/1", Body=b"")
        reply = S3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "keep/1"}, {"Key": "open/k"}]})
        assert [d["Key"] for d in reply["Deleted"]] == ["open/k"] and reply["Errors"][0]["Code"] == "AccessDenied", reply


@case
def public_access():
    anonymous = client(signature_version=UNSIGNED)
    with Bucket() as name:
        S3.put_object(Bucket=name, Key="k", Body=b"for all")
        refused("AccessDenied", 403, anonymous.get_object, Bucket=name, Key="k")
        block = S3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert all(block.values()) and len(block) == 4
        public = json.dumps({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}})
        refused("AccessDenied", 403, S3.put_bucket_policy, Bucket=name, Policy=public)
        S3.delete_public_access_block(Bucket=name)
        refused("NoSuchPublicAccessBlockConfiguration", 404, S3.get_public_access_block, Bucket=name)
        S3.put_bucket_policy(Bucket=name, Policy=public)
        assert S3.get_bucket_policy_status(Bucket=name)["PolicyStatus"]["IsPublic"] is True
        assert anonymous.get_object(Bucket=name, Key="k")["Body"].read() == b"for all"
        refused("AccessDenied", 403, anonymous.get_object, Bucket=name, Key="none")  # it may not list
        refused("AccessDenied", 403, anonymous.put_object, Bucket=name, Key="k", Body=b"")
        S3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
        refused("AccessDenied", 403, anonymous.get_object, Bucket=name, Key="k")
        assert S3.get_object(Bucket=name, Key="k")["Body"].read() == b"for all"


@case
def presigned():
    with Bucket() as name:
        for version in ("s3v4", "s3"):
            s3 = client(signature_version=version)
            put = s3.generate_presigned_url("put_object", Params={"Bucket": name, "Key": "a b/é", "ContentType": "text/plain"})
            status, body, _ = fetch(put, data=b"signed", method="PUT", headers={"Content-Type": "text/plain"})
            assert status == 200, body
            get = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a b/é",
                                                                  "ResponseContentType": "text/html"})
            status, body, headers = fetch(get)
            assert (status, body, headers["Content-Type"]) == (200, b"signed", "text/html"), (status, body)
            status, body, _ = fetch(get.replace("text%2Fhtml", "text%2Fplain"))
            assert status == 403 and b"SignatureDoesNotMatch" in body, (status, body)
            status, body, _ = fetch(get, headers={"x-amz-meta-extra": "1"})
            assert status == 403, (status, body)
        gone = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a b/é"}, ExpiresIn=0)
        time.sleep(1.1)
        status, body, _ = fetch(gone)
        assert status == 403 and b"Request has expired" in body, (status, body)


@case
def post_forms():
    with Bucket() as name:
        form = client(signature_version="s3v4").generate_presigned_post(name, "up/${filename}", Fields={"success_action_status": "201"},
                                          Conditions=[["content-length-range", 1, 100], {"success_action_status": "201"},
                                                      ["starts-with", "$key", "up/"]])
        def send(fields, data):
            boundary = uuid.uuid4().hex
            parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
            parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n'
                         "Content-Type: text/plain\r\n\r\n")
            body = "".join(parts).encode() + data + f"\r\n--{boundary}--\r\n".encode()
            return fetch(form["url"], data=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        status, body, _ = send(form["fields"], b"from a form")
        assert status == 201 and b"<PostResponse>" in body, (status, body)
        assert S3.get_object(Bucket=name, Key="up/f.txt")["Body"].read() == b"from a form"
        status, body, _ = send(form["fields"], b"x" * 101)
        assert status == 400 and b"EntityTooLarge" in body, (status, body)
        status, body, _ = send({**form["fields"], "key": "elsewhere"}, b"x")
        assert status in (400, 403), (status, body)
        status, body, _ = send({**form["fields"], "x-amz-signature": "0" * 64}, b"x")
        assert status == 403 and b"SignatureDoesNotMatch" in body, (status, body)


@case
def defaults():
    with Bucket() as name:
        assert S3.get_bucket_acl(Bucket=name)["Grants"][0]["Permission"] == "FULL_CONTROL"
        rules = S3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        sse = S3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        assert sse["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, sse
        refused("NoSuchCORSConfiguration", 404, S3.get_bucket_cors, Bucket=name)
        refused("NoSuchLifecycleConfiguration", 404, S3.get_bucket_lifecycle_configuration, Bucket=name)
        refused("NoSuchWebsiteConfiguration", 404, S3.get_bucket_website, Bucket=name)
        refused("ReplicationConfigurationNotFoundError", 404, S3.get_bucket_replication, Bucket=name)
        refused("ObjectLockConfigurationNotFoundError", 404, S3.get_object_lock_configuration, Bucket=name)
        assert "LoggingEnabled" not in S3.get_bucket_logging(Bucket=name)
        assert "TopicConfigurations" not in S3.get_bucket_notification_configuration(Bucket=name)
        assert S3.get_bucket_request_payment(Bucket=name)["Payer"] == "BucketOwner"
        assert "Status" not in S3.get_bucket_accelerate_configuration(Bucket=name)
        refused("AccessControlListNotSupported", 400, S3.put_bucket_acl, Bucket=name, ACL="public-read")
        refused("AccessControlListNotSupported", 400, S3.put_object, Bucket=name, Key="k", Body=b"", ACL="public-read")
        S3.put_object(Bucket=name, Key="k", Body=b"", ACL="bucket-owner-full-control")
        refused("NotImplemented", 501, S3.put_bucket_cors, Bucket=name, CORSConfiguration={
            "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
        S3.delete_bucket_cors(Bucket=name)


@case
def signatures():
    session = botocore.session.get_session()
    key = session.get_credentials().access_key
    wrong = boto3.client("s3", endpoint_url=URL, region_name="us-east-1", aws_access_key_id=key, verify=VERIFY,
                         aws_secret_access_key="not the secret", aws_session_token=None)
    error = refused("SignatureDoesNotMatch", 403, wrong.list_buckets)
    assert error["Error"]["Message"].startswith("The request signature we calculated"), error
    unknown = boto3.client("s3", endpoint_url=URL, region_name="us-east-1", aws_access_key_id="AKIANOSUCHKEY0000000",
                           aws_secret_access_key="x", verify=VERIFY)
    error = refused("InvalidAccessKeyId", 403, unknown.list_buckets)
    assert error["Error"]["AWSAccessKeyId"] == "AKIANOSUCHKEY0000000", error


def main():
    wanted = sys.argv[2:]
    failed = 0
    for function in CASES:
        if wanted and function.__name__ not in wanted:
            continue
        try:
            function()
            print(f"ok    {function.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {function.__name__}", flush=True)
            traceback.print_exc()
    print(f"{len(CASES) if not wanted else len(wanted)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    VERIFY = os.environ.get("AWS_CA_BUNDLE")
    S3 = client()
    sys.exit(main())
