//! DescribeLogGroups.

use crate::books::{Shared, read};
use crate::desk::Desk;
use crate::name;
use crate::{refuse, token};
use postern_call::Refusal;
use serde_json::{Value, json};

const MOST: usize = 50;

pub fn describe(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let input = desk.input;
    desk.ask_at_all("DescribeLogGroups")?;
    for member in ["accountIdentifiers", "includeLinkedAccounts"] {
        if input.get(member).is_some_and(|value| *value != json!(false)) {
            return Err(refuse::not_served(member));
        }
    }
    let (prefix, part) = (input.text("logGroupNamePrefix"), input.text("logGroupNamePattern"));
    if prefix.is_some() && part.is_some() {
        return Err(refuse::invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    for (given, member) in [(prefix, "logGroupNamePrefix"), (part, "logGroupNamePattern")] {
        given.map_or(Ok(()), |given| name::check_group(given, member))?;
    }
    let listed = match input.texts("logGroupIdentifiers") {
        names if names.is_empty() => None,
        names => {
            let read = |given| name::read(given, "logGroupIdentifiers", desk.account(), &desk.place.1);
            Some(names.into_iter().map(read).collect::<Result<Vec<_>, _>>()?)
        }
    };
    // Groups are all of the class STANDARD.
    let none_of_class = input.text("logGroupClass").is_some_and(|class| class != "STANDARD");
    let behind = input.text("nextToken").map(token::open).transpose()?;
    let most = desk.limit(MOST);
    let (mut shown, mut last, mut more) = (Vec::new(), None, false);
    let mut take = |own: &str, group: &Shared| {
        let is_listed = listed.as_ref().is_none_or(|listed| listed.contains(&desk.own(own)));
        if none_of_class || !is_listed || !part.is_none_or(|part| own.contains(part)) {
            return true;
        }
        if shown.len() == most {
            more = true;
            return false;
        }
        let mut view = read(group).view();
        if let (Some(_), Some(members)) = (part, view.as_object_mut()) {
            members.retain(|member, _| ["arn", "creationTime", "logGroupName"].contains(&member.as_str()));
        }
        shown.push(view);
        last = Some(own.to_owned());
        true
    };
    desk.books.list(&desk.place, prefix.unwrap_or_default(), behind.as_deref(), &mut take);
    let mut reply = json!({ "logGroups": shown });
    if let (true, Some(last)) = (more, last) {
        reply["nextToken"] = json!(token::seal(&last));
    }
    Ok(reply)
}
