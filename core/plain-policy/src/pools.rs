//! What cases are dealt from: few values each, so that policies and requests meet often.

pub const HERE: &str = "123456789012";
pub const ELSEWHERE: &str = "999999999999";

/// Actions that the engine treats each in its own way, with a resource of theirs.
pub const ASKED: &[(&str, &str)] = &[
    ("s3:GetObject", "arn:aws:s3:::photos/ann/a:b"),
    ("s3:GetObject", "arn:aws:s3:::photos/*"),
    ("s3:PutObject", "arn:aws:s3:::photos/ann/\u{e9}"),
    ("s3:GetBucketPolicy", "arn:aws:s3:::photos"),
    ("s3:ListAllMyBuckets", "*"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/1"),
    ("kms:ListKeys", "*"),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:photos"),
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/web"),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/web"),
    ("iam:GetRole", "arn:aws:iam::123456789012:role/web"),
    ("ec2:CreateVpcEndpoint", "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/photos"),
    ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:photos"),
];

pub const ACTIONS: &[&str] = &[
    "*",
    "*",
    "*:*",
    "s3:*",
    "S3:get*",
    "s3:?etObject",
    "s3:*Object",
    "s3:GetObject",
    "s3:List*",
    "kms:*",
    "kms:Decrypt",
    "sqs:SendMessage",
    "sts:AssumeRole",
    "sts:*",
    "iam:PassRole",
    "iam:*",
    "ec2:*",
    "dynamodb:*Item",
    "lambda:*",
];

pub const RESOURCES: &[&str] = &[
    "*",
    "*",
    "arn:aws:s3:::photos",
    "arn:aws:s3:::photos/*",
    "arn:aws:s3:::photo?",
    "arn:aws:s3:::*",
    "arn:aws:s3:::photos/${aws:username}/*",
    "arn:aws:s3:::photos/${aws:username, 'ann'}/*",
    "arn:aws:s3:::photos/${*}",
    "arn:aws:s3:::photos/${x:star}",
    "arn:aws:s3:::photos/${aws:PrincipalTag/team, 'ann'}/${*}${?}",
    "arn:*:kms:us-*:*:key/*",
    "arn:aws:kms",
    "arn:aws:sqs:*:*:photos",
    "arn:aws:iam::${aws:PrincipalAccount}:role/web",
    "arn:aws:iam::123456789012:role/${x:role}",
    "arn:aws:lambda:us-east-1:123456789012:function:*",
];

pub const AWS: &[&str] = &[
    "*",
    "123456789012",
    "999999999999",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::999999999999:root",
    "arn:aws:iam::123456789012:user/ann",
    "arn:aws:iam::999999999999:user/team/bob",
    "arn:aws:iam::123456789012:role/web",
    "arn:aws:sts::123456789012:assumed-role/web/i-1",
    "arn:aws:sts::123456789012:federated-user/fay",
    "AIDAEXAMPLEEXAMPLE01",
    "AROAEXAMPLEEXAMPLE01",
];
pub const SERVICES: &[&str] = &["sns.amazonaws.com", "ec2.amazonaws.com", "*"];
pub const PROVIDERS: &[&str] =
    &["cognito-identity.amazonaws.com", "arn:aws:iam::123456789012:oidc-provider/id.example"];
pub const CANONICAL: &[&str] = &["79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", "c0ffee"];

/// A family of operators: their words, the keys that hold such values, and values for a policy.
pub struct Family {
    pub words: &'static [&'static str],
    pub keys: &'static [&'static str],
    pub values: &'static [&'static str],
}

pub const FAMILIES: &[Family] = &[
    Family {
        words: &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        keys: KEYS,
        values: TEXTS,
    },
    Family {
        words: &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        keys: &["x:size", "x:size", "aws:EpochTime", "aws:MultiFactorAuthAge", "aws:username"],
        values: &["10", "10.5", "11", "-3", "1.2", "1.795255e9", "1795255200"],
    },
    Family {
        words: &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        keys: &["x:when", "aws:CurrentTime", "aws:TokenIssueTime", "x:when", "aws:EpochTime"],
        values: &[
            "2026-01-01T00:00:00Z",
            "2026-01-01T01:00:00+01:00",
            "2026-01-01",
            "1767225600",
            "1795255200",
            "2027-01-01T00:00:00.5Z",
        ],
    },
    Family { words: &["Bool"], keys: TRUTHS, values: &["true", "false", "True"] },
    Family { words: &["BinaryEquals"], keys: &["x:bytes", "x:tags"], values: &["aGk=", "aG8=", ""] },
    Family {
        words: &["IpAddress", "NotIpAddress"],
        keys: &["aws:SourceIp", "aws:VpcSourceIp", "x:address", "aws:username"],
        values: &[
            "10.0.0.0/16",
            "10.0.1.5",
            "127.0.0.1/32",
            "0.0.0.0/0",
            "::/0",
            "2001:db8::/32",
            "2001:db8::7",
            "2001:db8::6/127",
        ],
    },
    Family {
        words: &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        keys: &["aws:PrincipalArn", "ec2:SourceInstanceARN", "aws:SourceVpcArn", "aws:SourceArn", "x:star"],
        values: &[
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::123456789012:role/web",
            "arn:aws:iam::${aws:PrincipalAccount}:role/${x:role}",
            "arn:aws:ec2:*:*:instance/i-*",
            "arn:*:*:*:*:*",
            "${x:arn}",
            "*",
        ],
    },
    Family { words: &["Null"], keys: KEYS, values: &["true", "false"] },
];

/// Keys by many spellings; some are never in a request.
pub const KEYS: &[&str] = &[
    "aws:SourceVpce",
    "aws:sourcevpc",
    "AWS:SourceVpcArn",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:username",
    "aws:userid",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalTag/team",
    "aws:PrincipalTag/Team",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceTag/team",
    "aws:RequestTag/team",
    "aws:TagKeys",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:RequestedRegion",
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "aws:SourceIp",
    "aws:UserAgent",
    "aws:Ec2InstanceSourceVpc",
    "s3:prefix",
    "x:tags",
    "x:tags",
    "x:star",
    "x:free",
    "x:free",
    "x:absent",
];

const TRUTHS: &[&str] = &[
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalIsAWSService",
    "x:truth",
    "x:tags",
];

pub const TEXTS: &[&str] = &[
    "ann",
    "ANN",
    "a*",
    "*",
    "?nn",
    "vpce-000000000000000a1",
    "vpce-*",
    "vpc-000000000000000b2",
    "123456789012",
    "o-*",
    "o-here/r-1/ou-1/*",
    "AssumedRole",
    "us-east-1",
    "true",
    "cloudformation.amazonaws.com",
    "${aws:username}",
    "${aws:PrincipalAccount}",
    "${aws:PrincipalTag/team}",
    "${aws:Ec2InstanceSourceVpc}",
    "${x:star}",
    "${x:tags}",
    "${x:absent}",
    "${x:absent, 'ann'}",
    "${x:absent,'*'}",
    "${*}",
    "a",
    "b",
];

/// Pieces of free patterns; some together open a variable that never closes.
pub const PATTERN_PIECES: &[&str] = &[
    "a",
    "b",
    "*",
    "?",
    "ann",
    "/",
    "\u{e9}",
    "\u{c9}",
    "${aws:username}",
    "${*}",
    "${?}",
    "${$}",
    "${",
    "}",
    "${x:star}",
    "${x:absent, 'a'}",
    "${x:absent}",
];
/// Pieces of free values.
pub const VALUE_PIECES: &[&str] = &["a", "b", "*", "?", "ann", "/", "\u{e9}", "\u{c9}", "${", "}", "$"];
