//! DecodeAuthorizationMessage: what EC2 sealed into a denial, for whoever of the account may read it.

use crate::gate::{Question, account_of};
use crate::input::Input;
use postern_call::{Call, Refusal};
use postern_policy::Judge;
use serde_json::{Value, json};

pub fn run(judge: &dyn Judge, call: &Call) -> Result<Value, Refusal> {
    let account = account_of(&call.caller)?;
    let question = Question {
        service: "sts",
        operation: "DecodeAuthorizationMessage",
        resource: "*",
        account,
        policy: None,
        keys: Default::default(),
    };
    question.put(judge, call)?;
    let text = Input(&call.input).required("EncodedMessage")?;
    let message = judge.opened(text, account).ok_or_else(|| {
        Refusal::new("InvalidAuthorizationMessageException", "Invalid authorization message")
            .hint("a message is readable in the region and the account that it was made for")
    })?;
    Ok(json!({ "DecodedMessage": message }))
}
