//! The tables inside the binary.

use super::{Service, read};
use std::sync::OnceLock;

macro_rules! embedded {
    ($($prefix:literal),* $(,)?) => {
        const PREFIXES: &[&str] = &[$($prefix),*];
        static TABLES: [Embedded; PREFIXES.len()] = [$(
            Embedded { text: include_str!(concat!("../../tables/", $prefix, ".txt")), table: OnceLock::new() }
        ),*];
    };
}

// Sorted.
embedded!(
    "access-analyzer",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ec2messages",
    "ecr",
    "execute-api",
    "iam",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "sts",
);

struct Embedded {
    text: &'static str,
    table: OnceLock<Service>,
}

/// The prefixes of the services that have a table, sorted.
pub fn services() -> &'static [&'static str] {
    PREFIXES
}

/// The prefixes of all of AWS's services, sorted: most have no table here.
pub fn prefixes() -> impl Iterator<Item = &'static str> {
    include_str!("../../tables/prefixes.txt").lines()
}

/// Whether some service's actions have this prefix, in lower case.
pub fn is_prefix(prefix: &str) -> bool {
    prefixes().any(|known| known == prefix)
}

/// The table of the service whose actions have this prefix. The first call for a service reads it.
pub fn service(prefix: &str) -> Option<&'static Service> {
    let embedded = TABLES.get(PREFIXES.binary_search(&prefix).ok()?)?;
    Some(embedded.table.get_or_init(|| read::table(embedded.text).expect("a test reads every embedded table")))
}
