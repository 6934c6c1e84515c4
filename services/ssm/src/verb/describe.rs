//! DescribeParameters.

use crate::desk::Desk;
use crate::filter::{self, For};
use crate::refuse;
use postern_call::Refusal;
use postern_kit::page;
use postern_policy::Keys;
use serde_json::{Value, json};

const MOST: i64 = 50;

pub fn describe(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.ask_at_all("DescribeParameters", Keys::new())?;
    let filters = filter::read(desk.input, For::Describe)?;
    let most = desk.input.bounded("MaxResults", 1, MOST)?.unwrap_or(MOST);
    let most = usize::try_from(most).map_err(Refusal::internal)?;
    if desk.input.truth("Shared") == Some(true) {
        return Ok(json!({ "Parameters": [] }));
    }
    let state = desk.parameters.read();
    let own = state.get(&desk.place).into_iter().flatten();
    let taken = own.filter(|(_, parameter)| {
        parameter.latest().is_ok_and(|latest| filters.iter().all(|filter| filter.takes(parameter, latest)))
    });
    let entries = taken.map(|(name, parameter)| (name.clone(), parameter));
    let page = page(entries, desk.input.text("NextToken"), most).map_err(|_| refuse::invalid_token())?;
    let told = page.entries.into_iter().map(|parameter| parameter.metadata()).collect::<Result<Vec<_>, _>>()?;
    let mut reply = json!({ "Parameters": told });
    if let Some(next) = page.next {
        reply["NextToken"] = json!(next);
    }
    Ok(reply)
}
