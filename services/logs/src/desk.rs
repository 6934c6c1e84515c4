//! One call at work: which group it names, whether the caller may, and what time it is.

use crate::books::{Books, Place, Shared, read};
use crate::name::{self, Named};
use crate::refuse;
use postern_call::{Call, Refusal};
use postern_kit::{Input, Question, resource_tag_keys};
use postern_names::AccountId;
use postern_policy::{Judge, Keys};

pub struct Desk<'a> {
    pub books: &'a Books,
    judge: &'a dyn Judge,
    call: &'a Call,
    pub input: Input<'a>,
    pub place: Place,
    /// Milliseconds since 1970.
    pub now: i64,
}

impl<'a> Desk<'a> {
    pub fn new(books: &'a Books, judge: &'a dyn Judge, call: &'a Call) -> Result<Self, Refusal> {
        let account = call.caller.account().ok_or_else(|| {
            Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token").status(403)
        })?;
        let place = (account, call.region.as_str().to_owned());
        let now = i64::try_from(call.now.unix_timestamp_nanos() / 1_000_000).map_err(Refusal::internal)?;
        Ok(Self { books, judge, call, input: Input(&call.input), place, now })
    }

    pub fn account(&self) -> AccountId {
        self.place.0
    }

    /// The caller's own group of this name, there or not.
    pub fn own(&self, name: &str) -> Named {
        Named { owner: self.place.0, region: self.place.1.clone(), name: name.to_owned() }
    }

    /// The group of the member `logGroupName`, which the request must have.
    pub fn named(&self) -> Result<Named, Refusal> {
        let name = self.input.text("logGroupName").unwrap_or_default();
        name::check_group(name, "logGroupName")?;
        Ok(self.own(name))
    }

    /// The group of `logGroupName` or `logGroupIdentifier`, of which the request must have one.
    pub fn identified(&self) -> Result<Named, Refusal> {
        match (self.input.text("logGroupName"), self.input.text("logGroupIdentifier")) {
            (Some(_), None) => self.named(),
            (None, Some(given)) => name::read(given, "logGroupIdentifier", self.place.0, &self.place.1),
            (Some(_), Some(_)) => {
                Err(refuse::invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters."))
            }
            (None, None) => Err(refuse::invalid("A logGroupName or a logGroupIdentifier must be specified.")),
        }
    }

    /// The stream's name in the request.
    pub fn stream(&self) -> Result<&'a str, Refusal> {
        let name = self.input.text("logStreamName").unwrap_or_default();
        name::check_stream(name, "logStreamName")?;
        Ok(name)
    }

    /// Asks whether the caller may do the action to the resource, which is this group or in it.
    pub fn ask(&self, action: &str, named: &Named, resource: &str, extra: Keys) -> Result<(), Refusal> {
        let mut keys = extra;
        if let Some(group) = self.books.find(named) {
            resource_tag_keys(&read(&group).record.tags, &mut keys);
        }
        self.question(action, resource, named.owner, keys)
    }

    /// Asks for an action that is on no group in particular. AWS judges it by a group without a name, and policies are
    /// written so.
    pub fn ask_at_all(&self, action: &str) -> Result<(), Refusal> {
        self.question(action, &self.own("").judged(), self.place.0, Keys::new())
    }

    fn question(&self, action: &str, resource: &str, owner: AccountId, keys: Keys) -> Result<(), Refusal> {
        let question = Question { service: "logs", action, resource, account: Some(owner), policy: None, keys };
        question.put(self.judge, self.call)
    }

    /// A group that there is.
    pub fn find(&self, named: &Named) -> Result<Shared, Refusal> {
        self.books.find(named).ok_or_else(refuse::no_group)
    }

    /// The page's length in the request.
    pub fn limit(&self, most: usize) -> usize {
        let given = self.input.number("limit").and_then(|limit| usize::try_from(limit).ok());
        given.map_or(most, |limit| limit.clamp(1, most))
    }
}
