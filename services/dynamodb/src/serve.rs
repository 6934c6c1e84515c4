//! A call from its operation's name to its output: what it touches, the gate, the engine.

use crate::DynamoDb;
use crate::ask::{self, Mention};
use crate::engine::{Engine, Table};
use crate::local::{self, Renamed};
use crate::policies::Policy;
use crate::prepare::{OPERATIONS, prepare};
use crate::refuse;
use crate::target::Target;
use postern_call::{Call, Refusal};
use postern_kit::{Question, not_implemented, resource_tag_keys};
use postern_names::AccountId;
use postern_policy::{Ask, Keys, code_for, sentence};
use serde_json::Value;
use std::sync::Arc;

/// The operations that do without the engine.
pub const OWN: &[&str] = &[
    "DeleteResourcePolicy",
    "DescribeContinuousBackups",
    "DescribeEndpoints",
    "DescribeLimits",
    "GetResourcePolicy",
    "PutResourcePolicy",
];

/// A question's subject: a table that is there or not, with its policy.
pub struct Subject {
    pub target: Target,
    pub table: Option<Arc<Table>>,
    pub policy: Option<Arc<Policy>>,
}

impl DynamoDb {
    pub(crate) async fn serve(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        match call.operation.as_str() {
            "DescribeEndpoints" | "DescribeLimits" => self.describe_region(call, account),
            "ListTables" => self.list_tables(call, account).await,
            "CreateTable" => self.create_table(call, account).await,
            "DeleteTable" => self.delete_table(call, account).await,
            "UpdateTable" => {
                crate::table::not_served(call)?;
                self.work(call, account).await
            }
            "DescribeContinuousBackups" => self.describe_continuous_backups(call, account).await,
            "TagResource" | "UntagResource" | "ListTagsOfResource" => self.tags(call).await,
            "PutResourcePolicy" => self.put_policy(call).await,
            "GetResourcePolicy" => self.get_policy(call).await,
            "DeleteResourcePolicy" => self.delete_policy(call).await,
            "BatchExecuteStatement" => self.batch_execute(call, account).await,
            operation if OPERATIONS.contains(&operation) => self.work(call, account).await,
            operation => Err(not_implemented("DynamoDB", operation)),
        }
    }

    /// An operation that the engine does whole.
    pub(crate) async fn work(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        let targets = self.ask_all(call, account).await?;
        let owner = owner(&targets, account)?;
        let engine = self.engine(owner, account, call).await?;
        let mut input = call.input.clone();
        let renamed = Renamed::localize(&mut input, &targets);
        let only_reads = ask::only_reads(&call.operation, &call.input);
        let (way, run) = prepare(&call.operation, input, only_reads)?;
        let mut output = engine.run(way, run).await?;
        renamed.give_back(&mut output);
        if let [(_, target)] = targets.as_slice() {
            local::describe(&mut output, target);
        }
        Ok(output)
    }

    /// Asks the gate everything that the request has to be asked for. Gives its tables, as said and as meant.
    async fn ask_all(&self, call: &Call, account: AccountId) -> Result<Vec<(String, Target)>, Refusal> {
        let mut targets = Vec::new();
        for mention in ask::mentions(&call.operation, &call.input) {
            let target = Target::named(&mention.table, account, &call.region)?;
            let subject = self.subject(target).await?;
            self.ask_mention(call, &mention, &subject)?;
            targets.push((mention.table, subject.target));
        }
        Ok(targets)
    }

    pub(crate) fn ask_mention(&self, call: &Call, mention: &Mention<'_>, subject: &Subject) -> Result<(), Refusal> {
        let keys = mention.keys(&call.operation, &call.input, subject.table.as_deref());
        self.ask(call, mention.action, subject, mention.index.as_deref(), keys)
    }

    /// One question about a table or an index of it.
    pub(crate) fn ask(
        &self,
        call: &Call,
        action: &str,
        subject: &Subject,
        index: Option<&str>,
        mut keys: Keys,
    ) -> Result<(), Refusal> {
        if let Some(table) = &subject.table {
            resource_tag_keys(&table.tags, &mut keys);
        }
        let target = &subject.target;
        let resource = index.map_or_else(|| target.arn(), |index| target.index_arn(index));
        let policy = subject.policy.as_ref().map(|policy| &policy.document);
        let account = Some(target.account);
        Question { service: "dynamodb", action, resource: &resource, account, policy, keys }.put(&*self.judge, call)
    }

    /// A question about no table. `shown`: what AWS's sentence names nevertheless.
    pub(crate) fn ask_region(&self, call: &Call, shown: &str) -> Result<(), Refusal> {
        let question = Question {
            service: "dynamodb",
            action: &call.operation,
            resource: "*",
            account: None,
            policy: None,
            keys: Keys::new(),
        };
        question.decide(&*self.judge, call, |ask, decision| {
            let (code, status) = code_for("dynamodb");
            Refusal::new(code, sentence(&Ask { resource: shown, ..ask.clone() }, decision)).status(status)
        })
    }

    pub(crate) async fn subject(&self, target: Target) -> Result<Subject, Refusal> {
        let table = match self.engines.there(target.account, &target.region) {
            Some(engine) => engine.table(&target.table).await?,
            None => None,
        };
        let policy = self.policies.get(&target.arn());
        Ok(Subject { target, table, policy })
    }

    /// The engine of an account; only the caller's own is made.
    pub(crate) async fn engine(
        &self,
        owner: AccountId,
        account: AccountId,
        call: &Call,
    ) -> Result<Arc<Engine>, Refusal> {
        if owner == account {
            return self.engines.make(owner, &call.region).await;
        }
        self.engines.there(owner, &call.region).ok_or_else(refuse::no_table)
    }
}

/// The one account whose tables a request is about.
fn owner(targets: &[(String, Target)], account: AccountId) -> Result<AccountId, Refusal> {
    let owner = targets.first().map_or(account, |(_, target)| target.account);
    if targets.iter().any(|(_, target)| target.account != owner) {
        return Err(refuse::validation("The tables of one request must be in one account")
            .hint("AWS refuses this for transactions; Postern does for batches too"));
    }
    Ok(owner)
}
