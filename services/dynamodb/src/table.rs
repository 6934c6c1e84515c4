//! The operations on tables as a whole: made and deleted with their policies, tagged, described, opened to others.

use crate::DynamoDb;
use crate::local;
use crate::policies::Policy;
use crate::prepare::prepare;
use crate::refuse;
use crate::serve::Subject;
use crate::target::Target;
use postern_call::{Call, Refusal};
use postern_kit::{Input, request_tag_keys};
use postern_names::AccountId;
use postern_policy::{Ask, Decision, Keys, PolicyKind};
use serde_json::{Value, json};

/// Bytes of a table's policy.
const LONGEST_POLICY: usize = 20 * 1024;

impl DynamoDb {
    pub(crate) fn describe_region(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        self.ask_region(call, &every_table(call, account))?;
        if call.operation == "DescribeEndpoints" {
            let address = format!("dynamodb.{}.amazonaws.com", call.region);
            return Ok(json!({ "Endpoints": [{ "Address": address, "CachePeriodInMinutes": 1440 }] }));
        }
        // A new account's quotas. Postern has no throughput to run out of.
        Ok(json!({
            "AccountMaxReadCapacityUnits": 80000,
            "AccountMaxWriteCapacityUnits": 80000,
            "TableMaxReadCapacityUnits": 40000,
            "TableMaxWriteCapacityUnits": 40000,
        }))
    }

    pub(crate) async fn list_tables(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        self.ask_region(call, &every_table(call, account))?;
        let (way, run) = prepare(&call.operation, call.input.clone(), false)?;
        self.engine(account, account, call).await?.run(way, run).await
    }

    pub(crate) async fn create_table(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        not_served(call)?;
        let subject = self.named(call, account).await?;
        let input = Input(&call.input);
        let keys = request_tags(input);
        self.ask(call, "CreateTable", &subject, None, keys.clone())?;
        if !keys.is_empty() {
            self.ask(call, "TagResource", &subject, None, keys)?;
        }
        let arn = subject.target.arn();
        let policy = match input.text("ResourcePolicy") {
            Some(text) => {
                self.ask(call, "PutResourcePolicy", &subject, None, Keys::new())?;
                Some(read_policy(text, call)?)
            }
            None => None,
        };
        let mut request = call.input.clone();
        if let Some(fields) = request.as_object_mut() {
            fields.swap_remove("ResourcePolicy");
            fields.insert("TableName".to_owned(), json!(subject.target.table));
        }
        let (way, run) = prepare(&call.operation, request, false)?;
        let engine = self.engine(subject.target.account, account, call).await?;
        // The policy is there before the table is: a table is never open for a moment. What a failed attempt leaves goes.
        let is_new = subject.table.is_none();
        if is_new {
            self.policies.change(&arn, policy, |_| Ok(())).await?;
        }
        match engine.run(way, run).await {
            Ok(mut output) => {
                local::describe(&mut output, &subject.target);
                Ok(output)
            }
            Err(refusal) => {
                if is_new && engine.table(&subject.target.table).await?.is_none() {
                    self.policies.change(&arn, None, |_| Ok(())).await?;
                }
                Err(refusal)
            }
        }
    }

    pub(crate) async fn delete_table(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        let target = self.named(call, account).await?.target;
        let output = self.work(call, account).await?;
        self.policies.change(&target.arn(), None, |_| Ok(())).await?;
        Ok(output)
    }

    pub(crate) async fn describe_continuous_backups(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        let subject = self.named(call, account).await?;
        self.ask(call, &call.operation, &subject, None, Keys::new())?;
        if subject.table.is_none() {
            let message = format!("Table not found: {}", subject.target.table);
            return Err(Refusal::new("TableNotFoundException", message));
        }
        Ok(json!({ "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "DISABLED",
            "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" },
        } }))
    }

    pub(crate) async fn tags(&self, call: &Call) -> Result<Value, Refusal> {
        let subject = self.at(call).await?;
        self.ask(call, &call.operation, &subject, None, request_tags(Input(&call.input)))?;
        self.must_be_there(&subject, call)?;
        let (way, run) = prepare(&call.operation, call.input.clone(), false)?;
        let account = subject.target.account;
        self.engine(account, account, call).await?.run(way, run).await
    }

    pub(crate) async fn put_policy(&self, call: &Call) -> Result<Value, Refusal> {
        let subject = self.at(call).await?;
        self.ask(call, &call.operation, &subject, None, Keys::new())?;
        self.must_be_there(&subject, call)?;
        let input = Input(&call.input);
        let policy = read_policy(input.required("Policy")?, call)?;
        if input.truth("ConfirmRemoveSelfResourceAccess") != Some(true) {
            self.may_go_on(call, &subject, &policy)?;
        }
        let revision = policy.revision.clone();
        let expected = input.text("ExpectedRevisionId");
        let expects = |old: Option<&Policy>| match (expected, old) {
            (Some("NO_POLICY"), None) | (None, _) => Ok(()),
            (Some(expected), Some(old)) if old.revision == expected => Ok(()),
            _ => Err(no_policy(&subject)),
        };
        self.policies.change(&subject.target.arn(), Some(policy), expects).await?;
        Ok(json!({ "RevisionId": revision }))
    }

    pub(crate) async fn get_policy(&self, call: &Call) -> Result<Value, Refusal> {
        let subject = self.at(call).await?;
        self.ask(call, &call.operation, &subject, None, Keys::new())?;
        self.must_be_there(&subject, call)?;
        let policy = subject.policy.as_ref().ok_or_else(|| no_policy(&subject))?;
        Ok(json!({ "Policy": policy.text, "RevisionId": policy.revision }))
    }

    pub(crate) async fn delete_policy(&self, call: &Call) -> Result<Value, Refusal> {
        let subject = self.at(call).await?;
        self.ask(call, &call.operation, &subject, None, Keys::new())?;
        self.must_be_there(&subject, call)?;
        let expected = Input(&call.input).text("ExpectedRevisionId");
        let expects = |old: Option<&Policy>| match (expected, old) {
            (None, _) => Ok(()),
            (Some(expected), Some(old)) if old.revision == expected => Ok(()),
            _ => Err(no_policy(&subject)),
        };
        let old = self.policies.change(&subject.target.arn(), None, expects).await?;
        Ok(old.map_or_else(|| json!({}), |old| json!({ "RevisionId": old.revision })))
    }

    /// The table of a request's `TableName`.
    async fn named(&self, call: &Call, account: AccountId) -> Result<Subject, Refusal> {
        let name = Input(&call.input).required("TableName")?;
        self.subject(Target::named(name, account, &call.region)?).await
    }

    /// The table of a request's `ResourceArn`.
    async fn at(&self, call: &Call) -> Result<Subject, Refusal> {
        let arn = Input(&call.input).required("ResourceArn")?;
        let (target, below) = Target::at(arn, &call.region)?;
        if below.is_some() {
            return Err(refuse::validation(format!("Invalid ResourceArn: {arn} is not the ARN of a table")));
        }
        self.subject(target).await
    }

    fn must_be_there(&self, subject: &Subject, call: &Call) -> Result<(), Refusal> {
        let given = Input(&call.input).text("ResourceArn").unwrap_or_default();
        subject.table.as_ref().map(|_| ()).ok_or_else(|| refuse::no_resource(given))
    }

    /// Refuses a policy that would keep the caller from changing it again.
    fn may_go_on(&self, call: &Call, subject: &Subject, policy: &Policy) -> Result<(), Refusal> {
        let resource = subject.target.arn();
        let decision = self.judge.judge(&Ask {
            caller: &call.caller,
            via: &call.via,
            action: "dynamodb:PutResourcePolicy",
            resource: &resource,
            resource_account: Some(subject.target.account),
            resource_policy: Some(&policy.document),
            keys: Keys::new(),
            region: call.region.as_str(),
            secure: call.secure,
            user_agent: call.user_agent.as_deref(),
            now: call.now,
            request_id: None,
        });
        match decision {
            Decision::ExplicitDeny { by } if by.kind == PolicyKind::Resource => Err(refuse::validation(
                "The policy would deny the caller further changes of it; set ConfirmRemoveSelfResourceAccess to true",
            )),
            _ => Ok(()),
        }
    }
}

/// The ARN that stands in sentences about all of an account's tables.
fn every_table(call: &Call, account: AccountId) -> String {
    format!("arn:aws:dynamodb:{}:{account}:table/*", call.region)
}

fn request_tags(input: Input<'_>) -> Keys {
    let mut keys = Keys::new();
    let tags = input.list("Tags").iter().map(Input);
    request_tag_keys(tags.filter_map(|tag| Some((tag.text("Key")?, tag.text("Value").unwrap_or_default()))), &mut keys);
    let named: Vec<String> = input.texts("TagKeys").into_iter().map(str::to_owned).collect();
    if !named.is_empty() {
        keys.insert("aws:tagkeys".into(), named);
    }
    keys
}

fn read_policy(text: &str, call: &Call) -> Result<Policy, Refusal> {
    if text.len() > LONGEST_POLICY {
        return Err(refuse::validation("The resource-based policy must not be larger than 20 KB"));
    }
    let revision = (call.now.unix_timestamp_nanos() / 1_000_000).to_string();
    Policy::read(text, revision).map_err(|word| refuse::validation(format!("Invalid policy document: {word}")))
}

fn no_policy(subject: &Subject) -> Refusal {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {}", subject.target.arn());
    Refusal::new("PolicyNotFoundException", message)
}

/// Refuses, by name, what a request wants of a table that Postern does not do.
pub fn not_served(call: &Call) -> Result<(), Refusal> {
    let input = Input(&call.input);
    let is_on =
        |member: &str, switch: &str| input.within(member).is_some_and(|within| within.truth(switch) == Some(true));
    if is_on("StreamSpecification", "StreamEnabled") {
        return Err(refuse::not_served(&call.operation, "StreamSpecification"));
    }
    if is_on("SSESpecification", "Enabled") {
        return Err(refuse::not_served(&call.operation, "SSESpecification"));
    }
    let absent = [
        "GlobalTableSourceArn",
        "GlobalTableSettingsReplicationMode",
        "GlobalTableWitnessUpdates",
        "MultiRegionConsistency",
        "ReplicaUpdates",
        "VectorIndexes",
        "VectorIndexUpdates",
        "WarmThroughput",
    ];
    match absent.iter().find(|member| input.get(member).is_some()) {
        Some(member) => Err(refuse::not_served(&call.operation, member)),
        None => Ok(()),
    }
}
