//! Every request and its reply, for both versions of the service. Pure.

use percent_encoding::percent_decode_str;

use crate::facts::{InstanceFacts, RoleCredentials};
use crate::token::{TTL_SECONDS, Tokens};
use crate::tree::{self, Node};

/// The dates that are accepted as versions; all of them show the same tree, which is the newest's.
const VERSIONS: [&str; 32] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-07-09",
    "2022-09-24",
    "2023-11-07",
    "2024-01-18",
    "2024-04-11",
    "latest",
];

/// The parts of an HTTP request that matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    pub method: &'a str,
    /// As it came, percent-encoded, without a query.
    pub path: &'a str,
    /// `X-aws-ec2-metadata-token`.
    pub token: Option<&'a str>,
    /// `X-aws-ec2-metadata-token-ttl-seconds`.
    pub ttl_seconds: Option<&'a str>,
    /// Whether there is an `X-Forwarded-For`: the request came by a proxy.
    pub forwarded: bool,
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// `X-aws-ec2-metadata-token-ttl-seconds`: the seconds the token given or used is good for.
    pub token_ttl_seconds: Option<i64>,
    /// The time to live of the packets of this reply; None for the system's own.
    pub hop_limit: Option<u8>,
}

/// Answers one request of an instance. `now` is in seconds since 1970; `credentials` is called only for the role's path.
pub fn answer(
    request: &Request<'_>,
    facts: &InstanceFacts,
    credentials: &dyn Fn() -> Option<RoleCredentials>,
    tokens: &Tokens,
    now: i64,
) -> Reply {
    if !facts.options.enabled {
        return Reply::error(403);
    }
    let segments = match segments(request.path) {
        Some(segments) => segments,
        None => return Reply::error(400),
    };
    if segments == ["latest", "api", "token"] {
        return session(request, facts, tokens, now);
    }
    if request.method != "GET" && request.method != "HEAD" {
        return Reply::error(405);
    }
    let remaining = request.token.map(|token| tokens.remaining(token, facts.id, now));
    match remaining {
        Some(None) => return Reply::error(401),
        None if facts.options.tokens_required => return Reply::error(401),
        _ => {}
    }
    let reply = look_up(&segments, facts, credentials, now);
    Reply { token_ttl_seconds: remaining.flatten(), ..reply }
}

/// `PUT /latest/api/token`.
fn session(request: &Request<'_>, facts: &InstanceFacts, tokens: &Tokens, now: i64) -> Reply {
    let hop_limit = Some(facts.options.hop_limit);
    if request.method != "PUT" {
        return Reply::error(405);
    }
    if request.forwarded {
        return Reply { hop_limit, ..Reply::error(403) };
    }
    let wanted = request.ttl_seconds.and_then(|t| t.trim().parse::<u32>().ok()).filter(|t| TTL_SECONDS.contains(t));
    let Some(seconds) = wanted else { return Reply { hop_limit, ..Reply::error(400) } };
    let token = tokens.issue(facts.id, now.saturating_add(i64::from(seconds)));
    Reply { token_ttl_seconds: Some(i64::from(seconds)), hop_limit, ..Reply::text(token) }
}

/// The path without its empty parts, decoded. None when it is not UTF-8.
fn segments(path: &str) -> Option<Vec<String>> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| percent_decode_str(part).decode_utf8().ok().map(|part| part.into_owned())).collect()
}

fn look_up(
    segments: &[String],
    facts: &InstanceFacts,
    credentials: &dyn Fn() -> Option<RoleCredentials>,
    now: i64,
) -> Reply {
    let Some((version, rest)) = segments.split_first() else { return Reply::text(VERSIONS.join("\n")) };
    if !VERSIONS.contains(&version.as_str()) {
        return Reply::error(404);
    }
    let root = tree::build(facts);
    match root.at(rest.iter().map(String::as_str)) {
        None => Reply::error(404),
        Some(Node::Leaf(text)) => Reply::text(text.clone()),
        Some(Node::Named(listing, _)) => Reply::text(listing.clone()),
        Some(Node::Directory(children)) => {
            // The versions' own listing shows its directories without a slash.
            let listing = Node::listing(children);
            Reply::text(if rest.is_empty() { listing.replace('/', "") } else { listing })
        }
        Some(Node::UserData) => Reply {
            content_type: "application/octet-stream",
            body: facts.user_data.clone().unwrap_or_default(),
            ..Reply::text(String::new())
        },
        Some(Node::Credentials) => Reply::text(role_credentials(facts, credentials(), now)),
    }
}

fn role_credentials(facts: &InstanceFacts, credentials: Option<RoleCredentials>, now: i64) -> String {
    let document = match credentials {
        Some(given) => serde_json::json!({
            "Code": "Success",
            "LastUpdated": tree::timestamp(given.last_updated),
            "Type": "AWS-HMAC",
            "AccessKeyId": given.access_key_id,
            "SecretAccessKey": given.secret_access_key,
            "Token": given.session_token,
            "Expiration": tree::timestamp(given.expiration),
        }),
        None => {
            let role = facts.profile.as_ref().and_then(|p| p.role.as_deref()).unwrap_or_default();
            let time = time::OffsetDateTime::from_unix_timestamp(now).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
            serde_json::json!({
                "Code": "AssumeRoleUnauthorizedAccess",
                "Message": format!(
                    "EC2 cannot assume the role {role}. Please see documentation at \
                     https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html."
                ),
                "LastUpdated": tree::timestamp(time),
            })
        }
    };
    tree::pretty(&document)
}

impl Reply {
    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            content_type: "text/plain",
            body: text.into_bytes(),
            token_ttl_seconds: None,
            hop_limit: None,
        }
    }

    /// An error as the service shows it: a page with nothing but its name.
    pub(crate) fn error(status: u16) -> Self {
        let name = match status {
            400 => "400 - Bad Request",
            401 => "401 - Unauthorized",
            403 => "403 - Forbidden",
            405 => "405 - Method Not Allowed",
            _ => "404 - Not Found",
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
             <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
             \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
             <head>\n  <title>{name}</title>\n </head>\n <body>\n  <h1>{name}</h1>\n </body>\n</html>\n"
        );
        Self { status, content_type: "text/html", body: body.into_bytes(), token_ttl_seconds: None, hop_limit: None }
    }
}
