//! The global condition keys: which there are, what they hold, whether they hold several values.

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Text,
    Arn,
    Number,
    Moment,
    Truth,
    Address,
}

/// One of the keys that every service knows.
#[derive(Debug)]
pub struct Global {
    /// As AWS spells it; with a slash at its end, a name follows (`aws:PrincipalTag/team`).
    pub name: &'static str,
    pub holds: Holds,
    pub is_list: bool,
}

const fn one(name: &'static str, holds: Holds) -> Global {
    Global { name, holds, is_list: false }
}
const fn list(name: &'static str) -> Global {
    Global { name, holds: Holds::Text, is_list: true }
}

const GLOBAL: &[Global] = &[
    one("aws:AssumedRoot", Holds::Truth),
    list("aws:CalledVia"),
    one("aws:CalledViaFirst", Holds::Text),
    one("aws:CalledViaLast", Holds::Text),
    one("aws:ChatbotSourceArn", Holds::Arn),
    one("aws:CurrentTime", Holds::Moment),
    one("aws:Ec2InstanceSourcePrivateIPv4", Holds::Address),
    one("aws:Ec2InstanceSourceVpc", Holds::Text),
    one("aws:EpochTime", Holds::Moment),
    one("aws:FederatedProvider", Holds::Text),
    one("aws:MultiFactorAuthAge", Holds::Number),
    one("aws:MultiFactorAuthPresent", Holds::Truth),
    one("aws:PrincipalAccount", Holds::Text),
    one("aws:PrincipalArn", Holds::Arn),
    one("aws:PrincipalIsAWSService", Holds::Truth),
    one("aws:PrincipalOrgID", Holds::Text),
    list("aws:PrincipalOrgPaths"),
    one("aws:PrincipalServiceName", Holds::Text),
    list("aws:PrincipalServiceNamesList"),
    one("aws:PrincipalTag/", Holds::Text),
    one("aws:PrincipalType", Holds::Text),
    one("aws:Referer", Holds::Text),
    one("aws:RequestTag/", Holds::Text),
    one("aws:RequestedRegion", Holds::Text),
    one("aws:ResourceAccount", Holds::Text),
    one("aws:ResourceOrgID", Holds::Text),
    list("aws:ResourceOrgPaths"),
    one("aws:ResourceTag/", Holds::Text),
    one("aws:SecureTransport", Holds::Truth),
    one("aws:SignInSessionArn", Holds::Arn),
    one("aws:SourceAccount", Holds::Text),
    one("aws:SourceArn", Holds::Arn),
    one("aws:SourceIdentity", Holds::Text),
    one("aws:SourceIp", Holds::Address),
    one("aws:SourceOrgID", Holds::Text),
    list("aws:SourceOrgPaths"),
    one("aws:SourceVpc", Holds::Text),
    one("aws:SourceVpcArn", Holds::Arn),
    one("aws:SourceVpce", Holds::Text),
    list("aws:TagKeys"),
    one("aws:TokenIssueTime", Holds::Moment),
    one("aws:UserAgent", Holds::Text),
    one("aws:ViaAWSService", Holds::Truth),
    one("aws:VpcSourceIp", Holds::Address),
    one("aws:VpceAccount", Holds::Text),
    one("aws:VpceOrgID", Holds::Text),
    list("aws:VpceOrgPaths"),
    one("aws:userid", Holds::Text),
    one("aws:username", Holds::Text),
];

/// The global key of a name in lower case.
pub fn global(lower: &str) -> Option<&'static Global> {
    GLOBAL.iter().find(|key| {
        let name = key.name.to_lowercase();
        if name.ends_with('/') { lower.len() > name.len() && lower.starts_with(&name) } else { lower == name }
    })
}

/// The global key that a misspelt one most likely means.
pub fn nearest(lower: &str) -> Option<&'static str> {
    let scored = GLOBAL.iter().map(|key| (distance(&key.name.to_lowercase(), lower), key.name));
    scored.filter(|(distance, _)| *distance <= 3).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must change (Levenshtein's distance).
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let (Some(diagonal), Some(above), Some(left)) = (row.get(j), row.get(j + 1), next.last()) else { break };
            next.push((diagonal + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
