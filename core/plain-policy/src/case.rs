//! A case: policies that meet, and requests before them.

use crate::chart::{Chart, Verdict};
use crate::deal::Deal;
use crate::pools::{ASKED, CANONICAL, ELSEWHERE, HERE, PROVIDERS, VALUE_PIECES};
use crate::statements::document;
use postern_call::{Caller, Principal};
use postern_names::{AccountId, Via, VpcEndpointId, VpcId};
use postern_policy::{
    Ask, Attached, Decision, Document, Effect, Keys, Membership, Memberships, PolicyKind, PolicySet, decide,
    decide_given, keys_within,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use time::OffsetDateTime;

pub struct Case {
    pub policies: PolicySet,
    /// What a request brings along as its resource's policy.
    pub own: Arc<Document>,
    pub questions: Vec<Question>,
}

/// A request that owns what an [`Ask`] borrows.
#[derive(Debug)]
pub struct Question {
    caller: Caller,
    via: Via,
    action: &'static str,
    resource: String,
    owner: Option<AccountId>,
    brings_policy: bool,
    keys: Keys,
    secure: bool,
    agent: Option<&'static str>,
}

impl Case {
    /// The same bytes give the same case.
    pub fn new(bytes: &[u8], questions: usize) -> Self {
        let mut deal = Deal::new(bytes);
        let questions = (0..questions).map(|_| Question::deal(&mut deal)).collect();
        let policies = policies(&mut deal);
        let own = parsed(&document(&mut deal, true));
        Self { policies, own, questions }
    }

    /// What the engine and the chart say alike to each question. The error tells the question on which they differ, or
    /// what is wrong with the engine's reasons.
    pub fn verdicts(&self) -> Result<Vec<Verdict>, String> {
        let chart = Chart::of(&self.policies);
        self.questions.iter().map(|question| self.verdict(&chart, question)).collect()
    }

    fn verdict(&self, chart: &Chart, question: &Question) -> Result<Verdict, String> {
        let ask = question.ask(&self.own);
        let decision = decide(&ask, &self.policies);
        let verdict = match &decision {
            Decision::Allow { .. } => Verdict::Allow,
            Decision::ExplicitDeny { .. } => Verdict::Deny,
            Decision::ImplicitDeny { missing, .. } => Verdict::Missing(*missing),
        };
        let told = |flaw: String| Err(format!("{flaw}\n{question:#?}\n{}", self.told()));
        let plainly = chart.verdict(&ask);
        if verdict != plainly {
            return told(format!("the engine says {decision:?}, the chart {plainly:?}"));
        }
        if let Some(flaw) = self.unreasonable(&ask, &decision) {
            return told(flaw);
        }
        let given = decide_given(&ask, &self.policies, keys_within(&ask, &self.policies.memberships));
        if given != decision {
            return told(format!("with its keys written out it decides {given:?}, without {decision:?}"));
        }
        Ok(verdict)
    }

    /// Who allows must be an Allow that takes part, who denies a Deny; only the root of an account needs nobody.
    fn unreasonable(&self, ask: &Ask<'_>, decision: &Decision) -> Option<String> {
        let is = |named: &postern_policy::StatementRef, effect| {
            let own = self.own.statements().get(named.index).filter(|_| named.policy == ask.resource);
            self.policies.statement(named).or(own).is_some_and(|statement| statement.effect == effect)
        };
        let fair = match decision {
            Decision::Allow { by } if by.is_empty() => matches!(ask.caller.principal, Principal::Root { .. }),
            Decision::Allow { by } => by.iter().all(|named| is(named, Effect::Allow)),
            Decision::ExplicitDeny { by } => is(by, Effect::Deny),
            Decision::ImplicitDeny { nearly, .. } => nearly.iter().all(|near| is(&near.statement, Effect::Allow)),
        };
        (!fair).then(|| format!("these are no reasons: {decision:?}"))
    }

    /// The policies' texts.
    fn told(&self) -> String {
        let set = &self.policies;
        let levels = set.service_control.iter().chain(&set.resource_control).flatten();
        let single = set.boundary.iter().chain(&set.endpoint).chain(&set.resource);
        let all = set.identity.iter().chain(&set.session).chain(levels).chain(single);
        let lines = all.map(|policy| format!("{:?}: {}\n", policy.kind, policy.document.text()));
        lines.chain([format!("brought along: {}", self.own.text())]).collect()
    }
}

impl Question {
    pub fn ask<'a>(&'a self, own: &'a Document) -> Ask<'a> {
        Ask {
            caller: &self.caller,
            via: &self.via,
            action: self.action,
            resource: &self.resource,
            resource_account: self.owner,
            resource_policy: self.brings_policy.then_some(own),
            keys: self.keys.clone(),
            region: "us-east-1",
            secure: self.secure,
            user_agent: self.agent,
            now: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1_795_255_200),
            request_id: None,
        }
    }

    fn deal(deal: &mut Deal<'_>) -> Self {
        let (action, mut resource) = deal.one(ASKED);
        let free = format!("arn:aws:s3:::{}", deal.text(VALUE_PIECES));
        if action == "s3:GetObject" && deal.chance(3) {
            resource = &free;
        }
        Self {
            action,
            resource: resource.to_owned(),
            caller: caller(deal),
            via: via(deal),
            owner: deal.one(&[Some(HERE), Some(HERE), Some(ELSEWHERE), None]).and_then(|id| id.parse().ok()),
            brings_policy: deal.chance(3),
            keys: keys(deal),
            secure: deal.number(3) > 0,
            agent: deal.one(&[Some("ann"), None]),
        }
    }
}

fn caller(deal: &mut Deal<'_>) -> Caller {
    let (here, there) = (AccountId::DEFAULT, ELSEWHERE.parse().unwrap_or(AccountId::DEFAULT));
    let user = |account, path: &str, name: &str, id: &str| Principal::User {
        account,
        path: path.into(),
        name: name.into(),
        id: id.into(),
    };
    let role = |account, path: &str| Principal::Role {
        account,
        path: path.into(),
        name: "web".into(),
        id: "AROAEXAMPLEEXAMPLE01".into(),
        session: "i-1".into(),
    };
    let mut caller = Caller::of(match deal.number(13) {
        0 | 1 => user(here, "/", "ann", "AIDAEXAMPLEEXAMPLE01"),
        2 => user(there, "/team/", "bob", "AIDAEXAMPLEEXAMPLE02"),
        3 | 4 => role(here, "/"),
        5 => role(here, "/aws-service-role/web.amazonaws.com/"),
        6 => role(there, "/"),
        7 => Principal::Root { account: here },
        8 => Principal::Root { account: there },
        9 => Principal::Federated { account: here, name: "fay".into() },
        10 => Principal::Service { name: deal.one(&["sns.amazonaws.com", "cloudformation.amazonaws.com"]).into() },
        11 => Principal::WebIdentity { provider: deal.one(PROVIDERS).into(), subject: "ann".into() },
        _ => Principal::Anonymous,
    });
    let mut set = |key: &str, value: &str| caller.keys.insert(key.to_owned(), vec![value.to_owned()]);
    if matches!(deal.number(4), 1) {
        set("aws:TokenIssueTime", "2026-11-20T00:00:00Z");
        set("ec2:SourceInstanceARN", "arn:aws:ec2:us-east-1:123456789012:instance/i-1");
        set("aws:Ec2InstanceSourceVpc", "vpc-000000000000000b2");
    }
    if deal.chance(4) {
        set("aws:MultiFactorAuthPresent", "true");
        set("aws:MultiFactorAuthAge", "10");
    }
    if deal.chance(3) {
        set("aws:PrincipalTag/Team", deal.one(&["ann", "*", "a"]));
    }
    caller
}

fn via(deal: &mut Deal<'_>) -> Via {
    let endpoint = |source: IpAddr, account: &str| Via::Endpoint {
        id: VpcEndpointId::from_bits(0xa1),
        vpc: VpcId::from_bits(0xb2),
        source,
        account: account.parse().unwrap_or(AccountId::DEFAULT),
    };
    match deal.number(8) {
        0 => Via::Host { peer: Ipv4Addr::LOCALHOST.into() },
        1 => Via::Internet { public: Ipv4Addr::new(198, 51, 100, 7).into() },
        2 => Via::Internet { public: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7).into() },
        3..=5 => endpoint(Ipv4Addr::new(10, 0, 1, 5).into(), HERE),
        6 => endpoint(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7).into(), ELSEWHERE),
        _ => Via::Service { principal: deal.one(&["cloudformation.amazonaws.com", "lambda.amazonaws.com"]).into() },
    }
}

/// Keys that the services set, some of which only the judge may set.
fn keys(deal: &mut Deal<'_>) -> Keys {
    let mut keys = Keys::new();
    let mut set = |key: &str, values: Vec<&str>| {
        keys.insert(key.to_owned(), values.into_iter().map(str::to_owned).collect());
    };
    set("x:tags", deal.some(&["a", "b", "ann", "true", "aGk="], 0, 2));
    set("x:star", vec!["*"]);
    set("x:role", vec!["web"]);
    set("x:size", vec![deal.one(&["10.5", "10", "ten"])]);
    set("x:when", vec![deal.one(&["2026-01-01T00:00:00Z", "1767225600", "soon"])]);
    set("x:bytes", vec!["aGk="]);
    set("x:truth", vec![deal.one(&["TRUE", "false", "maybe"])]);
    set("x:address", vec![deal.one(&["2001:db8::7", "10.0.1.5"])]);
    set("x:arn", vec![deal.one(&["arn:aws:iam::123456789012:role/web", "arn:aws:iam::123456789012:user/ann"])]);
    set("x:free", vec![&deal.text(VALUE_PIECES)]);
    if deal.chance(3) {
        set("aws:tagkeys", deal.some(&["a", "b", "team"], 0, 2));
        set("aws:requesttag/team", vec![deal.one(&["ann", "b"])]);
        set("aws:resourcetag/team", vec![deal.one(&["ann", "b"])]);
        set("s3:prefix", vec![deal.one(&["", "ann"])]);
    }
    if deal.chance(4) {
        set("aws:sourceaccount", vec![HERE]);
        set("aws:sourcearn", vec!["arn:aws:sns:us-east-1:123456789012:topic"]);
    }
    if deal.chance(4) {
        set("s3:canonicaluserid", vec![deal.one(CANONICAL)]);
    }
    if deal.chance(8) {
        set("aws:sourcevpce", vec!["vpce-forged"]);
        set("aws:sourceip", vec!["10.0.1.5"]);
        set("aws:principalorgid", vec!["o-forged"]);
        set("aws:principalarn", vec!["arn:aws:iam::123456789012:user/ann"]);
        set("aws:currenttime", vec!["2001-01-01T00:00:00Z"]);
    }
    keys
}

fn policies(deal: &mut Deal<'_>) -> PolicySet {
    let mut some = |kind, most: usize, in_all: usize| -> Vec<Attached> {
        let count = if deal.chance(in_all) { 1 + deal.number(most) } else { 0 };
        (0..count).map(|number| attached(deal, kind, number)).collect()
    };
    let mut set = PolicySet {
        identity: some(PolicyKind::Identity, 3, 2),
        session: some(PolicyKind::Session, 2, 4),
        boundary: some(PolicyKind::Boundary, 1, 4).pop(),
        endpoint: some(PolicyKind::Endpoint, 1, 2).pop(),
        resource: some(PolicyKind::Resource, 1, 2).pop().or_else(|| some(PolicyKind::Trust, 1, 4).pop()),
        ..PolicySet::default()
    };
    let mut levels = |kind, in_all: usize| -> Vec<Vec<Attached>> {
        let count = if deal.chance(in_all) { 1 + deal.number(2) } else { 0 };
        (0..count)
            .map(|level| (0..1 + deal.number(2)).map(|n| attached(deal, kind, 10 * level + n)).collect())
            .collect()
    };
    set.service_control = levels(PolicyKind::ServiceControl, 4);
    set.resource_control = levels(PolicyKind::ResourceControl, 4);
    let mut place = || {
        let (organization, path) = deal.one(&[("o-here", "o-here/r-1/ou-1/"), ("o-there", "o-there/r-2/")]);
        deal.chance(2).then(|| Membership { organization: organization.into(), path: path.into() })
    };
    set.memberships = Memberships { principal: place(), resource: place(), endpoint: place(), source: place() };
    set
}

fn attached(deal: &mut Deal<'_>, kind: PolicyKind, number: usize) -> Attached {
    let principals =
        matches!(kind, PolicyKind::Resource | PolicyKind::Endpoint | PolicyKind::ResourceControl | PolicyKind::Trust);
    Attached::new(kind, format!("p{number}"), parsed(&document(deal, principals)))
}

/// Everything dealt is a good document; where it is not, that is the finding.
fn parsed(text: &str) -> Arc<Document> {
    Arc::new(Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}")))
}
