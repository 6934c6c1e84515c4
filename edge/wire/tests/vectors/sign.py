"""Writes signed.json: requests that botocore's own signers signed, as further cases for the verifier: python3 sign.py."""

import json
import os

import botocore.config
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjE//+=="
FORM = "application/x-www-form-urlencoded; charset=utf-8"
TARGET = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
HARD = "/bucket/a%20b/%C3%BC%2B~/..//x%26%3D%27%28%29%2A%21.txt"


def signed(name, auth, service, method, url, headers=None, body="", token=None, context=None, **options):
    request = AWSRequest(method=method, url=url, headers=headers or {}, data=body)
    request.context.update(context or {})
    credentials = Credentials(KEY, SECRET, token)
    auth(credentials, service, "us-east-1", **options).add_auth(request)
    prepared = request.prepare()
    rest = prepared.url.split("://", 1)[1]
    host, target = rest.split("/", 1)
    headers = [[key, value if isinstance(value, str) else value.decode()] for key, value in prepared.headers.items()]
    if not any(key.lower() == "host" for key, _ in headers):
        headers.append(["Host", host])
    return {"name": name, "method": method, "target": "/" + target, "headers": headers, "body": body}


S3 = "https://s3.us-east-1.amazonaws.com"
UNSIGNED = {"client_config": botocore.config.Config(s3={"payload_signing_enabled": False})}
cases = [
    signed("ec2 form", SigV4Auth, "ec2", "POST", "https://ec2.us-east-1.amazonaws.com/", {"Content-Type": FORM},
           "Action=DescribeVpcs&Version=2016-11-15"),
    signed("ec2 form on another port", SigV4Auth, "ec2", "POST", "http://127.0.0.1:4566/", {"Content-Type": FORM},
           "Action=DescribeVpcs&Version=2016-11-15", TOKEN),
    signed("dynamodb json", SigV4Auth, "dynamodb", "POST", "https://dynamodb.us-east-1.amazonaws.com/", TARGET, "{}"),
    signed("lambda path encoded twice", SigV4Auth, "lambda", "GET",
           "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax/policy?Qualifier=a%20b"),
    signed("sts presigned", SigV4QueryAuth, "sts", "GET",
           "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", token=TOKEN, expires=60),
    signed("s3 hard key", S3SigV4Auth, "s3", "GET", S3 + HARD + "?versionId=a%2Fb&acl"),
    signed("s3 put", S3SigV4Auth, "s3", "PUT", S3 + HARD, {"x-amz-meta-b": "two  words ", "x-amz-meta-a": "1"}, "hello"),
    signed("s3 unsigned payload", S3SigV4Auth, "s3", "PUT", S3 + HARD, {}, "hello", TOKEN, UNSIGNED),
    signed("s3 presigned", S3SigV4QueryAuth, "s3", "GET", S3 + HARD + "?response-content-type=text%2Fplain", expires=60),
    signed("s3 presigned session", S3SigV4QueryAuth, "s3", "GET", S3 + HARD, token=TOKEN, expires=604800),
]
target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "signed.json")
with open(target, "w", encoding="utf-8") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
