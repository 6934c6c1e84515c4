// A day's work with the AWS SDK for JavaScript, version 3, as it comes: the role's credentials from the metadata service,
// every name from the SDK's own rules. The first argument says which service's work; the second tells a name of one's own.
// Ends with 0 and says "done", or throws. The work of `sts` needs a third: the role to assume.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { Readable } from "node:stream";

const [work, own, more] = process.argv.slice(2);
const setting = { region: "us-east-1", maxAttempts: 1, requestHandler: { connectionTimeout: 4000, requestTimeout: 30000 } };
const name = (what = "a") => `js-${what}-${own}`;

// By the SDK's own chain, once for all clients: it gives the metadata service one second, and on a busy machine a process that
// loads eleven clients meanwhile may not hear the answer in it.
async function credentials(tries = 5) {
    const { STSClient } = await import("@aws-sdk/client-sts");
    for (;;) {
        try {
            return await new STSClient(setting).config.credentials();
        } catch (error) {
            if (--tries === 0) throw error;
        }
    }
}

// `use("sqs", "SQS")` gives a sender: `await sqs.CreateQueue({...})`.
async function use(packaged, client) {
    const sdk = await import(`@aws-sdk/client-${packaged}`);
    const sender = new sdk[`${client}Client`](setting);
    const send = (_, verb) =>
        verb === "sdk" ? sdk : verb === "client" ? sender : (input = {}) => sender.send(new sdk[`${verb}Command`](input));
    return new Proxy({}, { get: (_, verb) => (verb === "then" ? undefined : send(_, verb)) });
}

const load = {
    s3: () => use("s3", "S3"),
    dynamodb: () => use("dynamodb", "DynamoDB"),
    sqs: () => use("sqs", "SQS"),
    sns: () => use("sns", "SNS"),
    kms: () => use("kms", "KMS"),
    secretsmanager: () => use("secrets-manager", "SecretsManager"),
    ssm: () => use("ssm", "SSM"),
    monitoring: () => use("cloudwatch", "CloudWatch"),
    logs: () => use("cloudwatch-logs", "CloudWatchLogs"),
    sts: () => use("sts", "STS"),
    ec2: () => use("ec2", "EC2"),
    iam: () => use("iam", "IAM"),
};

async function gather(pages, list) {
    const all = [];
    for await (const page of pages) all.push(...(page[list] ?? []));
    return all;
}

const days = {
    async s3(s3) {
        const Bucket = name();
        await s3.CreateBucket({ Bucket });
        await s3.PutObject({ Bucket, Key: "grün/a b.txt", Body: "hello", ContentType: "text/plain", Metadata: { who: "js" } });
        const got = await s3.GetObject({ Bucket, Key: "grün/a b.txt" });
        assert.equal(await got.Body.transformToString(), "hello");
        assert.deepEqual([got.ContentType, got.Metadata], ["text/plain", { who: "js" }]);
        const part = await s3.GetObject({ Bucket, Key: "grün/a b.txt", Range: "bytes=1-3" });
        assert.equal(await part.Body.transformToString(), "ell");
        // A stream is sent in signed chunks with its checksum at the end.
        const streamed = Buffer.alloc(300_000, "x");
        await s3.PutObject({ Bucket, Key: "stream", Body: Readable.from([streamed]), ContentLength: streamed.length });
        const { UploadId } = await s3.CreateMultipartUpload({ Bucket, Key: "large" });
        const pieces = [Buffer.alloc(5 << 20, "1"), Buffer.from("the rest")];
        const Parts = [];
        for (const [n, Body] of pieces.entries()) {
            const sent = await s3.UploadPart({ Bucket, Key: "large", UploadId, PartNumber: n + 1, Body });
            Parts.push({ PartNumber: n + 1, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
        }
        await s3.CompleteMultipartUpload({ Bucket, Key: "large", UploadId, MultipartUpload: { Parts } });
        const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
        const whole = await (await s3.GetObject({ Bucket, Key: "large" })).Body.transformToByteArray();
        assert.equal(digest(whole), digest(Buffer.concat(pieces)));
        await s3.CopyObject({ Bucket, Key: "copy", CopySource: `${Bucket}/stream` });
        assert.equal((await s3.HeadObject({ Bucket, Key: "copy" })).ContentLength, streamed.length);
        const pages = s3.sdk.paginateListObjectsV2({ client: s3.client, pageSize: 2 }, { Bucket });
        const keys = (await gather(pages, "Contents")).map((one) => one.Key);
        assert.deepEqual(keys, ["copy", "grün/a b.txt", "large", "stream"]);
        await assert.rejects(s3.GetObject({ Bucket, Key: "none" }), s3.sdk.NoSuchKey);
        await s3.DeleteObjects({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } });
        await s3.DeleteBucket({ Bucket });
    },

    async dynamodb(db) {
        const TableName = name();
        await db.CreateTable({
            TableName, BillingMode: "PAY_PER_REQUEST",
            AttributeDefinitions: ["id", "n", "team"].map((a) => ({ AttributeName: a, AttributeType: a === "n" ? "N" : "S" })),
            KeySchema: [{ AttributeName: "id", KeyType: "HASH" }, { AttributeName: "n", KeyType: "RANGE" }],
            GlobalSecondaryIndexes: [{
                IndexName: "by-team", KeySchema: [{ AttributeName: "team", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" },
            }],
        });
        await db.sdk.waitUntilTableExists({ client: db.client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { TableName });
        const item = (n, team) => ({ id: { S: "a" }, n: { N: `${n}` }, team: { S: team }, deep: { M: { l: { L: [{ BOOL: true }] } } } });
        await db.PutItem({ TableName, Item: item(1, "red") });
        const Key = { id: { S: "a" }, n: { N: "1" } };
        assert.deepEqual((await db.GetItem({ TableName, Key, ConsistentRead: true })).Item, item(1, "red"));
        await assert.rejects(
            db.PutItem({ TableName, Item: item(1, "blue"), ConditionExpression: "attribute_not_exists(id)" }),
            db.sdk.ConditionalCheckFailedException,
        );
        const puts = Array.from({ length: 9 }, (_, n) => ({ PutRequest: { Item: item(n + 2, n % 2 ? "red" : "blue") } }));
        await db.BatchWriteItem({ RequestItems: { [TableName]: puts } });
        const changed = await db.UpdateItem({
            TableName, Key, UpdateExpression: "SET #c = if_not_exists(#c, :zero) + :one", ReturnValues: "UPDATED_NEW",
            ExpressionAttributeNames: { "#c": "count" }, ExpressionAttributeValues: { ":zero": { N: "0" }, ":one": { N: "1" } },
        });
        assert.deepEqual(changed.Attributes, { count: { N: "1" } });
        const query = {
            TableName, IndexName: "by-team", KeyConditionExpression: "team = :t", ExpressionAttributeValues: { ":t": { S: "red" } },
        };
        assert.equal((await gather(db.sdk.paginateQuery({ client: db.client, pageSize: 2 }, query), "Items")).length, 5);
        await db.TransactWriteItems({
            TransactItems: [
                { Put: { TableName, Item: item(50, "green") } },
                { Delete: { TableName, Key: { id: { S: "a" }, n: { N: "2" } } } },
            ],
        });
        const rows = await gather(db.sdk.paginateScan({ client: db.client, pageSize: 3 }, { TableName }), "Items");
        assert.deepEqual(rows.map((row) => row.n.N), ["1", "3", "4", "5", "6", "7", "8", "9", "10", "50"]);
        await db.DeleteTable({ TableName });
    },

    async sqs(sqs) {
        const { QueueUrl } = await sqs.CreateQueue({ QueueName: name(), Attributes: { VisibilityTimeout: "60" } });
        assert.equal(new URL(QueueUrl).host, "sqs.us-east-1.amazonaws.com");
        // The SDK itself compares the digests of bodies.
        const attributes = { kind: { DataType: "String", StringValue: "grün" } };
        await sqs.SendMessage({ QueueUrl, MessageBody: "hello €", MessageAttributes: attributes });
        const entries = [1, 2, 3].map((n) => ({ Id: `${n}`, MessageBody: `${n}` }));
        assert.equal((await sqs.SendMessageBatch({ QueueUrl, Entries: entries })).Successful.length, 3);
        const bodies = [];
        while (bodies.length < 4) {
            const got = await sqs.ReceiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, MessageAttributeNames: ["All"] });
            assert.ok(got.Messages, "no message within the wait");
            for (const one of got.Messages) {
                bodies.push(one.Body);
                if (one.MessageAttributes) assert.equal(one.MessageAttributes.kind.StringValue, "grün");
                await sqs.DeleteMessage({ QueueUrl, ReceiptHandle: one.ReceiptHandle });
            }
        }
        assert.deepEqual(bodies.sort(), ["1", "2", "3", "hello €"]);
        const told = await sqs.GetQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
        assert.equal(told.Attributes.ApproximateNumberOfMessagesNotVisible, "0");
        await assert.rejects(sqs.GetQueueUrl({ QueueName: "none" }), sqs.sdk.QueueDoesNotExist);
        await sqs.DeleteQueue({ QueueUrl });
    },

    async sns(sns) {
        const sqs = await load.sqs();
        const { TopicArn } = await sns.CreateTopic({ Name: name("news") });
        const { QueueUrl } = await sqs.CreateQueue({ QueueName: name("news") });
        const queue = (await sqs.GetQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] })).Attributes.QueueArn;
        const statement = {
            Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queue,
            Condition: { ArnEquals: { "aws:SourceArn": TopicArn } },
        };
        await sqs.SetQueueAttributes({ QueueUrl, Attributes: { Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) } });
        const Attributes = { RawMessageDelivery: "true", FilterPolicy: JSON.stringify({ kind: ["wanted"] }) };
        await sns.Subscribe({ TopicArn, Protocol: "sqs", Endpoint: queue, Attributes, ReturnSubscriptionArn: true });
        for (const kind of ["unwanted", "wanted"]) {
            const MessageAttributes = { kind: { DataType: "String", StringValue: kind } };
            assert.ok((await sns.Publish({ TopicArn, Message: `${kind} news`, MessageAttributes })).MessageId);
        }
        const got = await sqs.ReceiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 10 });
        assert.deepEqual(got.Messages.map((one) => one.Body), ["wanted news"]);
        const topics = await gather(sns.sdk.paginateListTopics({ client: sns.client }, {}), "Topics");
        assert.ok(topics.some((one) => one.TopicArn === TopicArn));
        await sns.DeleteTopic({ TopicArn });
        await assert.rejects(sns.Publish({ TopicArn, Message: "late" }), sns.sdk.NotFoundException);
        await sqs.DeleteQueue({ QueueUrl });
    },

    async kms(kms) {
        const { KeyId } = (await kms.CreateKey({ Description: "js" })).KeyMetadata;
        const AliasName = `alias/${name()}`;
        await kms.CreateAlias({ AliasName, TargetKeyId: KeyId });
        const EncryptionContext = { app: "js" };
        const closed = await kms.Encrypt({ KeyId: AliasName, Plaintext: Buffer.from("secret"), EncryptionContext });
        const opened = await kms.Decrypt({ CiphertextBlob: closed.CiphertextBlob, EncryptionContext });
        assert.equal(Buffer.from(opened.Plaintext).toString(), "secret");
        await assert.rejects(kms.Decrypt({ CiphertextBlob: closed.CiphertextBlob }), kms.sdk.InvalidCiphertextException);
        const data = await kms.GenerateDataKey({ KeyId, KeySpec: "AES_256" });
        assert.deepEqual((await kms.Decrypt({ CiphertextBlob: data.CiphertextBlob })).Plaintext, data.Plaintext);
        const signer = (await kms.CreateKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" })).KeyMetadata.KeyId;
        const signing = { KeyId: signer, Message: Buffer.from("text"), SigningAlgorithm: "ECDSA_SHA_256" };
        const { Signature } = await kms.Sign(signing);
        assert.equal((await kms.Verify({ ...signing, Signature })).SignatureValid, true);
        await kms.DeleteAlias({ AliasName });
        for (const id of [KeyId, signer]) await kms.ScheduleKeyDeletion({ KeyId: id, PendingWindowInDays: 7 });
        await assert.rejects(kms.GenerateDataKey({ KeyId, KeySpec: "AES_256" }), kms.sdk.KMSInvalidStateException);
    },

    async secretsmanager(secrets) {
        const SecretId = name();
        const made = await secrets.CreateSecret({ Name: SecretId, SecretString: "one", Tags: [{ Key: "team", Value: "a" }] });
        await secrets.PutSecretValue({ SecretId, SecretString: "two" });
        const value = async (VersionStage) => (await secrets.GetSecretValue({ SecretId: made.ARN, VersionStage })).SecretString;
        assert.deepEqual([await value(), await value("AWSPREVIOUS")], ["two", "one"]);
        const told = await secrets.DescribeSecret({ SecretId });
        assert.ok(told.CreatedDate instanceof Date && Object.keys(told.VersionIdsToStages).length === 2);
        await secrets.DeleteSecret({ SecretId, ForceDeleteWithoutRecovery: true });
        await assert.rejects(secrets.GetSecretValue({ SecretId }), secrets.sdk.ResourceNotFoundException);
    },

    async ssm(ssm) {
        const path = `/${name()}`;
        for (const n of [1, 2, 3]) await ssm.PutParameter({ Name: `${path}/p${n}`, Value: `${n}`, Type: "String" });
        await ssm.PutParameter({ Name: `${path}/deep/secret`, Value: "hidden", Type: "SecureString" });
        const secret = async (WithDecryption) => (await ssm.GetParameter({ Name: `${path}/deep/secret`, WithDecryption })).Parameter.Value;
        assert.equal(await secret(true), "hidden");
        assert.notEqual(await secret(false), "hidden");
        assert.equal((await ssm.PutParameter({ Name: `${path}/p1`, Value: "one", Overwrite: true })).Version, 2);
        await assert.rejects(ssm.PutParameter({ Name: `${path}/p1`, Value: "x", Type: "String" }), ssm.sdk.ParameterAlreadyExists);
        const asked = { Path: path, Recursive: true, WithDecryption: true };
        const all = await gather(ssm.sdk.paginateGetParametersByPath({ client: ssm.client, pageSize: 2 }, asked), "Parameters");
        assert.deepEqual(all.map((one) => one.Value).sort(), ["2", "3", "hidden", "one"]);
        const gone = await ssm.DeleteParameters({ Names: all.map((one) => one.Name) });
        assert.equal(gone.DeletedParameters.length, 4);
    },

    async logs(logs) {
        const [logGroupName, logStreamName] = [`/js/${name()}`, "one"];
        await logs.CreateLogGroup({ logGroupName });
        await logs.CreateLogStream({ logGroupName, logStreamName });
        const messages = ["all well", '{ "level": "error", "code": 7 }', "ERROR disk full"];
        const logEvents = messages.map((message, n) => ({ timestamp: Date.now() + n, message }));
        await logs.PutLogEvents({ logGroupName, logStreamName, logEvents });
        const told = (await logs.GetLogEvents({ logGroupName, logStreamName, startFromHead: true })).events;
        assert.deepEqual(told.map((event) => event.message), messages);
        for (const [filterPattern, wanted] of [["ERROR", [messages[2]]], ['{ $.level = "error" && $.code > 3 }', [messages[1]]]]) {
            const found = await gather(logs.sdk.paginateFilterLogEvents({ client: logs.client }, { logGroupName, filterPattern }), "events");
            assert.deepEqual(found.map((event) => event.message), wanted);
        }
        await logs.PutRetentionPolicy({ logGroupName, retentionInDays: 7 });
        const groups = (await logs.DescribeLogGroups({ logGroupNamePrefix: logGroupName })).logGroups;
        assert.equal(groups[0].retentionInDays, 7);
        await logs.DeleteLogGroup({ logGroupName });
        await assert.rejects(logs.GetLogEvents({ logGroupName, logStreamName }), logs.sdk.ResourceNotFoundException);
    },

    async monitoring(metrics) {
        const Namespace = name();
        // More than 10 KB: the SDK compresses it.
        const hosts = Array.from({ length: 300 }, (_, n) => ({
            MetricName: "Load", Value: n, Unit: "Count", Timestamp: new Date(), Dimensions: [{ Name: "Host", Value: `h${n}` }],
        }));
        await metrics.PutMetricData({ Namespace, MetricData: hosts });
        await metrics.PutMetricData({ Namespace, MetricData: [{ MetricName: "Load", Values: [1, 2, 3], Counts: [1, 1, 2] }] });
        const span = { StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000) };
        const asked = { Namespace, MetricName: "Load", Period: 3600, Statistics: ["Sum", "Maximum"], ...span };
        const points = (await metrics.GetMetricStatistics(asked)).Datapoints;
        assert.deepEqual([points.reduce((sum, point) => sum + point.Sum, 0), points[0].Maximum], [9, 3]);
        const Metric = { Namespace, MetricName: "Load", Dimensions: [{ Name: "Host", Value: "h7" }] };
        const query = { Id: "m", MetricStat: { Metric, Period: 3600, Stat: "Maximum" } };
        assert.deepEqual((await metrics.GetMetricData({ MetricDataQueries: [query], ...span })).MetricDataResults[0].Values, [7]);
        const AlarmName = name();
        const threshold = { Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: "GreaterThanThreshold" };
        await metrics.PutMetricAlarm({ AlarmName, Namespace, MetricName: "Load", ...threshold });
        const alarms = (await metrics.DescribeAlarms({ AlarmNames: [AlarmName] })).MetricAlarms;
        assert.equal(alarms[0].MetricName, "Load");
        await metrics.DeleteAlarms({ AlarmNames: [AlarmName] });
        const late = metrics.SetAlarmState({ AlarmName, StateValue: "OK", StateReason: "r" });
        await assert.rejects(late, metrics.sdk.ResourceNotFound);
    },

    async sts(sts) {
        const me = await sts.GetCallerIdentity();
        assert.match(me.Arn, /:assumed-role\/.*\/i-/);
        const assumed = await sts.AssumeRole({ RoleArn: more, RoleSessionName: "js", DurationSeconds: 900 });
        assert.ok(assumed.Credentials.Expiration instanceof Date);
        const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = assumed.Credentials;
        const other = new sts.sdk.STSClient({ ...setting, credentials: { accessKeyId, secretAccessKey, sessionToken } });
        assert.match((await other.send(new sts.sdk.GetCallerIdentityCommand({}))).Arn, /\/js$/);
    },

    async ec2(ec2) {
        const instances = await gather(ec2.sdk.paginateDescribeInstances({ client: ec2.client }, {}), "Reservations");
        const me = instances.flatMap((one) => one.Instances).find((one) => one.PrivateDnsName.startsWith(`${hostname()}.`));
        assert.ok(me && me.LaunchTime instanceof Date);
        const { GroupId } = await ec2.CreateSecurityGroup({ GroupName: name(), Description: "js", VpcId: me.VpcId });
        const https = { IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "10.0.0.0/8", Description: "within" }] };
        await ec2.AuthorizeSecurityGroupIngress({ GroupId, IpPermissions: [https] });
        await ec2.CreateTags({ Resources: [GroupId], Tags: [{ Key: "team", Value: "a & b" }] });
        const Filters = [{ Name: "tag:team", Values: ["a & b"] }, { Name: "group-id", Values: [GroupId] }];
        const [group] = (await ec2.DescribeSecurityGroups({ Filters })).SecurityGroups;
        assert.deepEqual([group.IpPermissions[0].IpRanges, group.Tags], [https.IpRanges, [{ Key: "team", Value: "a & b" }]]);
        const endpoints = (await ec2.DescribeVpcEndpoints({ Filters: [{ Name: "vpc-id", Values: [me.VpcId] }] })).VpcEndpoints;
        assert.ok(endpoints.some((one) => one.ServiceName === "com.amazonaws.us-east-1.ec2"));
        await ec2.DeleteSecurityGroup({ GroupId });
        await assert.rejects(ec2.DescribeSecurityGroups({ GroupIds: [GroupId] }), { name: "InvalidGroup.NotFound" });
    },

    async iam(iam) {
        const UserName = name();
        const made = await iam.CreateUser({ UserName, Tags: [{ Key: "team", Value: "a" }] });
        assert.ok(made.User.CreateDate instanceof Date);
        const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        await iam.PutUserPolicy({ UserName, PolicyName: "own", PolicyDocument });
        const kept = await iam.GetUserPolicy({ UserName, PolicyName: "own" });
        assert.equal(decodeURIComponent(kept.PolicyDocument), PolicyDocument);
        const { AccessKeyId } = (await iam.CreateAccessKey({ UserName })).AccessKey;
        const users = await gather(iam.sdk.paginateListUsers({ client: iam.client }, {}), "Users");
        assert.ok(users.some((one) => one.UserName === UserName));
        await assert.rejects(iam.DeleteUser({ UserName }), iam.sdk.DeleteConflictException);
        await iam.DeleteAccessKey({ UserName, AccessKeyId });
        await iam.DeleteUserPolicy({ UserName, PolicyName: "own" });
        await iam.DeleteUser({ UserName });
        await assert.rejects(iam.GetUser({ UserName }), iam.sdk.NoSuchEntityException);
    },
};

// One reading call of each service.
const glances = {
    s3: (s3) => s3.ListBuckets(),
    dynamodb: (db) => db.ListTables(),
    sqs: (sqs) => sqs.ListQueues(),
    sns: (sns) => sns.ListTopics(),
    kms: (kms) => kms.ListKeys(),
    secretsmanager: (secrets) => secrets.ListSecrets(),
    ssm: (ssm) => ssm.DescribeParameters(),
    monitoring: (metrics) => metrics.ListMetrics(),
    logs: (logs) => logs.DescribeLogGroups(),
    sts: (sts) => sts.GetCallerIdentity(),
    ec2: (ec2) => ec2.DescribeVpcs(),
    iam: (iam) => iam.ListUsers(),
};

setting.credentials = await credentials();
if (work === "glance") {
    // What each service said, all at a time: "answered", or the error's name and message.
    const said = Object.entries(glances).map(async ([service, glance]) => {
        try {
            await glance(await load[service]());
            return [service, "answered"];
        } catch (error) {
            return [service, `${error.name}: ${error.message}`];
        }
    });
    console.log(JSON.stringify(Object.fromEntries(await Promise.all(said))));
} else {
    assert.ok(days[work], `no such work: ${work}`);
    await days[work](await load[work]());
    console.log("done");
}
