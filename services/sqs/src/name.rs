//! A queue's name, ARN and URL.

use crate::refuse;
use postern_call::{Call, Refusal};
use postern_names::{AccountId, Arn, Region, Via};

/// Which queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

impl Name {
    pub fn arn(&self) -> String {
        Arn::new("sqs", self.region.as_str(), self.account, &self.name).to_string()
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// The queue of an ARN; `None` if it is no queue's.
    pub fn from_arn(text: &str) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        let own = arn.partition == "aws" && arn.service == "sqs" && !arn.resource.contains([':', '/']);
        let account = arn.account.parse().ok()?;
        own.then(|| Self { account, region: Region::new(&arn.region), name: arn.resource.clone() })
    }

    /// The queue that a URL means: account and name are the last two parts of its path, whatever the host. A bare name is
    /// a queue of the caller's.
    pub fn from_url(url: &str, call: &Call) -> Result<Self, Refusal> {
        let invalid =
            || Refusal::new("InvalidAddress", format!("The address {url} is not valid for this endpoint.")).status(404);
        let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let mut parts = path.trim_matches('/').rsplit('/');
        let name = parts.next().filter(|name| is_valid(name)).ok_or_else(invalid)?;
        let account = match parts.next() {
            Some(account) => account.parse().map_err(|_| invalid())?,
            None if !url.contains("://") => call.caller.account().ok_or_else(invalid)?,
            None => return Err(invalid()),
        };
        Ok(Self { account, region: call.region.clone(), name: name.to_owned() })
    }

    /// The URL as this call's client can use it: at the host's own endpoint for who came by it, else AWS's name, which
    /// inside a VPC leads wherever DNS, routes and endpoints let it.
    pub fn url(&self, host_endpoint: &str, via: &Via) -> String {
        match via {
            Via::Host { .. } => format!("{host_endpoint}/{}/{}", self.account, self.name),
            _ => format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.name),
        }
    }
}

/// Up to 80 letters, digits, hyphens and underscores, and `.fifo` at the end of a FIFO queue's name.
pub fn is_valid(name: &str) -> bool {
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !plain.is_empty() && name.len() <= 80 && plain.bytes().all(fits)
}

pub fn check(name: &str, fifo: bool) -> Result<(), Refusal> {
    if !is_valid(name) {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(refuse::parameter(message));
    }
    if fifo && !name.ends_with(".fifo") {
        return Err(refuse::parameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
        ));
    }
    if !fifo && name.ends_with(".fifo") {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(refuse::parameter(message).hint("a name that ends in .fifo needs the attribute FifoQueue=true"));
    }
    Ok(())
}
