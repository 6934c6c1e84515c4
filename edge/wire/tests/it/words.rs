//! The words and bytes of single services: what is refused and how, and replies to the letter.

use http::{HeaderMap, HeaderValue};
use postern_call::Refusal;
use postern_wire::{HttpReply, HttpRequest, Model, model};
use serde_json::{Value, json};

fn form(service: &str, body: &str) -> Result<Value, Refusal> {
    let headers = HeaderMap::new();
    let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
    let model = model(service).unwrap();
    model.read(&model.operation(&request)?, &request)
}

fn document(service: &str, target: &str, body: &str) -> Result<Value, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-target", HeaderValue::from_str(target).unwrap());
    let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
    let model = model(service).unwrap();
    model.read(&model.operation(&request)?, &request)
}

fn ec2(action: &str, rest: &str) -> Result<Value, Refusal> {
    form("ec2", &format!("Action={action}&Version=2016-11-15{rest}"))
}

fn said(result: Result<Value, Refusal>) -> (String, String) {
    let refusal = result.unwrap_err();
    (refusal.code, refusal.message)
}

fn pair(code: &str, message: &str) -> (String, String) {
    (code.to_owned(), message.to_owned())
}

#[test]
fn an_endpoint_s_request_has_the_model_s_names() {
    let read = ec2(
        "CreateVpcEndpoint",
        "&VpcId=vpc-1&VpcEndpointType=Gateway&ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1=rtb-1&RouteTableId.2=rtb-2\
         &DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint=true&DryRun=false&PolicyDocument=%7B%7D\
         &TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=a+b\
         &SubnetConfiguration.1.Ipv4=10.0.0.5",
    );
    let wanted = json!({
        "DryRun": false,
        "VpcEndpointType": "Gateway",
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.us-east-1.s3",
        "PolicyDocument": "{}",
        "RouteTableIds": ["rtb-1", "rtb-2"],
        "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": true},
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "a b"}]}],
        "SubnetConfigurations": [{"Ipv4": "10.0.0.5"}],
    });
    assert_eq!(read.unwrap(), wanted);
    let rules = "&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
                 &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8&IpPermissions.1.PrefixListIds.1.PrefixListId=pl-1\
                 &IpPermissions.1.Groups.1.GroupId=sg-2";
    let permission = json!({
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}], "UserIdGroupPairs": [{"GroupId": "sg-2"}],
    });
    let read = ec2("AuthorizeSecurityGroupEgress", rules).unwrap();
    assert_eq!(read, json!({"GroupId": "sg-1", "IpPermissions": [permission]}));
}

#[test]
fn list_items_come_in_the_order_of_their_numbers() {
    let read = ec2("DescribeVpcs", "&VpcId.10=vpc-c&VpcId.2=vpc-b&VpcId.1=vpc-a").unwrap();
    assert_eq!(read, json!({"VpcIds": ["vpc-a", "vpc-b", "vpc-c"]}));
}

#[test]
fn ec2_refuses_in_its_own_words() {
    let unknown = |name: &str| pair("UnknownParameter", &format!("The parameter {name} is not recognized"));
    let missing = |name: &str| pair("MissingParameter", &format!("The request must contain the parameter {name}"));
    assert_eq!(said(ec2("DescribeVpcs", "&Foo=1")), unknown("Foo"));
    assert_eq!(said(ec2("DescribeVpcs", "&Filter.1.Names=1")), unknown("Filter.1.Names"));
    assert_eq!(said(ec2("DescribeVpcs", "&VpcId.member.1=vpc-1")), unknown("VpcId.member.1"));
    assert_eq!(said(ec2("DescribeVpcs", "&DryRun.1=true")), unknown("DryRun.1"));
    assert_eq!(said(ec2("CreateVpcEndpoint", "")), missing("VpcId"));
    assert_eq!(said(ec2("CreateTags", "&ResourceId.1=vpc-1")), missing("Tag"));
    let invalid = |message: &str| pair("InvalidParameterValue", message);
    assert_eq!(
        said(ec2("DescribeVpcs", "&MaxResults=many")),
        invalid("Value (many) for parameter maxResults is invalid. Expecting an integer.")
    );
    assert_eq!(
        said(ec2("CreateVpcEndpoint", "&VpcId=vpc-1&VpcEndpointType=Door")),
        invalid("Value (Door) for parameter vpcEndpointType is invalid.")
    );
    assert_eq!(
        said(ec2("RunInstances", "&MinCount=1&MaxCount=1&InstanceType=t9.huge")),
        invalid("Invalid value 't9.huge' for InstanceType.")
    );
    assert_eq!(
        said(ec2("DescribeDoors", "")),
        pair("InvalidAction", "The action DescribeDoors is not valid for this web service.")
    );
    assert_eq!(
        said(form("ec2", "Action=DescribeVpcs&Version=2031-01-01")),
        pair("NoSuchVersion", "The requested version (2031-01-01) of service AmazonEC2 does not exist")
    );
    assert_eq!(said(form("ec2", "")).0, "MissingAction");
    assert_eq!(ec2("DescribeVpc", "").unwrap_err().hint.as_deref(), Some("did you mean DescribeVpcs?"));
}

#[test]
fn the_other_query_services_tell_all_constraints_at_once() {
    let iam = |rest: &str| form("iam", &format!("Version=2010-05-08&{rest}"));
    assert_eq!(
        said(iam("Action=CreateUser")),
        pair(
            "ValidationError",
            "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null"
        )
    );
    let long = "x".repeat(70);
    let (code, message) = said(iam(&format!(
        "Action=UpdateAccessKey&UserName={long}{long}&AccessKeyId=AKIAIOSFODNN7EXAMPLE&Status=Maybe"
    )));
    assert_eq!(code, "ValidationError");
    assert!(message.starts_with("2 validation errors detected: Value '"), "{message}");
    assert!(
        message.contains(
            "at 'userName' failed to satisfy constraint: Member must have length less than or equal to 128; "
        )
    );
    assert!(
        message
            .contains("Value 'Maybe' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [")
    );
    assert_eq!(
        said(form("sts", "Action=GetCallerIdentity")),
        pair("InvalidAction", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED")
    );
    assert_eq!(
        iam("Action=CreateUser&UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=&Ignored=1").unwrap(),
        json!({"UserName": "a", "Tags": [{"Key": "k", "Value": ""}]})
    );
}

#[test]
fn json_services_refuse_in_theirs() {
    assert_eq!(said(document("kms", "TrentService.Nope", "{}")).0, "UnknownOperationException");
    assert_eq!(said(document("kms", "Other.ListKeys", "{}")).0, "UnknownOperationException");
    assert_eq!(said(document("kms", "TrentService.ListKeys", "{")).0, "SerializationException");
    assert_eq!(
        said(document("kms", "TrentService.ListKeys", "{\"Limit\": \"3\"}")),
        pair("SerializationException", "STRING_VALUE can not be converted to an Integer")
    );
    assert_eq!(
        said(document("kms", "TrentService.DescribeKey", "{}")),
        pair(
            "ValidationException",
            "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
        )
    );
    // DynamoDB words its faults itself: what is missing is its engine's to tell.
    assert_eq!(document("dynamodb", "DynamoDB_20120810.DescribeTable", "{}"), Ok(json!({})));
    assert_eq!(
        said(document("sqs", "AmazonSQS.SendMessage", "{\"MessageBody\": \"a\"}")),
        pair("MissingParameter", "The request must contain the parameter QueueUrl")
    );
}

fn body(reply: &HttpReply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

fn written(model: &Model, operation: &str, output: Value) -> HttpReply {
    model.write(&model.operation_named(operation).unwrap(), &output, "req-1").unwrap()
}

#[test]
fn ec2_replies_to_the_letter() {
    let ec2 = model("ec2").unwrap();
    let reply = written(
        ec2,
        "DescribeVpcs",
        json!({"Vpcs": [{
            "IsDefault": false, "VpcId": "vpc-1", "State": "available", "CidrBlock": "10.0.0.0/16",
            "Tags": [{"Key": "Name", "Value": "a<b"}], "CidrBlockAssociationSet": [],
        }]}),
    );
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeVpcsResponse \
                xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>req-1</requestId>";
    assert!(body(&reply).starts_with(head), "{}", body(&reply));
    assert!(body(&reply).ends_with("</item></vpcSet></DescribeVpcsResponse>"), "{}", body(&reply));
    for part in [
        "<vpcSet><item>",
        "<cidrBlockAssociationSet></cidrBlockAssociationSet>",
        "<isDefault>false</isDefault>",
        "<tagSet><item><key>Name</key><value>a&lt;b</value></item></tagSet>",
        "<vpcId>vpc-1</vpcId><state>available</state><cidrBlock>10.0.0.0/16</cidrBlock>",
    ] {
        assert!(body(&reply).contains(part), "{part} in {}", body(&reply));
    }
    assert_eq!(reply.headers[0], ("content-type".to_owned(), "text/xml;charset=UTF-8".to_owned()));
    assert!(body(&written(ec2, "DeleteVpc", json!({}))).contains("<return>true</return>"));
    let endpoint = json!({"VpcEndpoint": {"CreationTimestamp": "2026-11-21T10:15:30Z"}});
    let reply = written(ec2, "CreateVpcEndpoint", endpoint);
    assert!(body(&reply).contains("<creationTimestamp>2026-11-21T10:15:30.000Z</creationTimestamp>"));
}

#[test]
fn our_own_faults_are_loud() {
    let ec2 = model("ec2").unwrap();
    let describe = ec2.operation_named("DescribeVpcs").unwrap();
    let write = |output: Value| ec2.write(&describe, &output, "req-1").unwrap_err();
    assert!(write(json!({"Vpcz": []})).contains("has no member Vpcz"));
    assert_eq!(
        write(json!({"Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": 7}]})),
        "ec2 DescribeVpcs: Vpcs[1].VpcId: 7 is not a string"
    );
    assert!(write(json!({"Vpcs": {}})).contains("Vpcs: {} is not an array"));
    let endpoint = ec2.operation_named("CreateVpcEndpoint").unwrap();
    let state = |state: &str| ec2.check_output(&endpoint, &json!({"VpcEndpoint": {"State": state}})).len();
    assert_eq!(["pendingAcceptance", "PendingAcceptance", "PENDINGACCEPTANCE", "waiting"].map(state), [0, 0, 1, 1]);
    let problems = ec2.check_output(&describe, &json!({"Vpcs": [{"State": "odd", "X": 1}, 3], "NextToken": 1}));
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn errors_to_the_letter() {
    let refusal = Refusal::new("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist").hint("create it\nfirst");
    let reply = model("ec2").unwrap().refuse(&refusal, "req-1");
    assert_eq!(reply.status, 400);
    assert_eq!(
        body(&reply),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>\
         <Message>The vpc ID 'vpc-1' does not exist</Message></Error></Errors><RequestID>req-1</RequestID></Response>"
    );
    assert!(reply.headers.contains(&("x-postern-hint".to_owned(), "create it first".to_owned())));

    let reply = model("iam").unwrap().refuse(&Refusal::new("NoSuchEntity", "No user"), "req-1");
    assert_eq!(reply.status, 404);
    assert_eq!(
        body(&reply),
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
         <Code>NoSuchEntity</Code><Message>No user</Message></Error><RequestId>req-1</RequestId></ErrorResponse>"
    );

    let reply = model("dynamodb").unwrap().refuse(&Refusal::new("ResourceNotFoundException", "No table"), "req-1");
    assert_eq!(body(&reply), "{\"__type\":\"ResourceNotFoundException\",\"message\":\"No table\"}");
    assert!(reply.headers.contains(&("content-type".to_owned(), "application/x-amz-json-1.0".to_owned())));
    assert!(reply.headers.contains(&("x-amzn-errortype".to_owned(), "ResourceNotFoundException".to_owned())));

    let reply = model("sqs").unwrap().refuse(&Refusal::new("QueueDoesNotExist", "No queue"), "req-1");
    let code = "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned();
    assert!(reply.headers.contains(&("x-amzn-query-error".to_owned(), code)));

    let refusal =
        Refusal::new("NoSuchBucket", "The specified bucket does not exist").status(404).member("BucketName", "b");
    let reply = model("s3").unwrap().refuse(&refusal, "req-1");
    assert!(body(&reply).ends_with("<BucketName>b</BucketName><RequestId>req-1</RequestId></Error>"));

    let mut inside = Refusal::internal("the disk is full");
    inside.status = 500;
    assert!(!body(&model("iam").unwrap().refuse(&inside, "req-1")).contains("disk"));
}

#[test]
fn cloudwatch_answers_in_the_language_of_the_request() {
    let monitoring = model("monitoring").unwrap();
    let output = json!({"Metrics": [{"Namespace": "AWS/EC2", "MetricName": "m"}]});
    let mut headers = HeaderMap::new();
    let query = HttpRequest {
        method: "POST",
        path: "/",
        query: "",
        headers: &HeaderMap::new(),
        body: b"Action=ListMetrics&Version=2010-08-01",
    };
    let reply = monitoring.write(&monitoring.operation(&query).unwrap(), &output, "req-1").unwrap();
    assert!(body(&reply).contains("<ListMetricsResult><Metrics><member><Namespace>AWS/EC2</Namespace>"));
    let refusal = Refusal::new("InvalidParameterValue", "no");
    assert!(body(&monitoring.refuse_to(&query, &refusal, "req-1")).starts_with("<ErrorResponse"));
    headers.insert("x-amz-target", HeaderValue::from_static("GraniteServiceVersion20100801.ListMetrics"));
    let json = HttpRequest { headers: &headers, body: b"{}", ..query };
    let reply = monitoring.write(&monitoring.operation(&json).unwrap(), &output, "req-1").unwrap();
    assert!(body(&reply).starts_with("{\"Metrics\":["));
    headers.clear();
    headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    let path = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
    let cbor = HttpRequest { headers: &headers, path, body: b"\xa0", ..query };
    let reply = monitoring.write(&monitoring.operation(&cbor).unwrap(), &output, "req-1").unwrap();
    assert_eq!(reply.body.first(), Some(&0xa1));
    assert_eq!(monitoring.read_reply(&monitoring.operation(&cbor).unwrap(), &reply).unwrap(), output);
}
