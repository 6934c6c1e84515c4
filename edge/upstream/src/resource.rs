//! What a request is about, as far as its members tell: an ARN in it that fits the action, or an ARN of the action's own
//! type that the members fill in.

use postern_names::AccountId;
use postern_policy::table::ActionIn;
use serde_json::{Map, Value};

/// The ARNs to ask for. Empty: the members do not tell.
pub fn resources(action: ActionIn, members: &Map<String, Value>, region: &str, account: AccountId) -> Vec<String> {
    let mut found = Vec::new();
    for value in members.values() {
        named(value, action, &mut found);
    }
    if found.is_empty() {
        let mut types = action.resource_types();
        found.extend(types.find_map(|(one, _)| filled(one.arn.text(), members, region, account)));
    }
    found
}

/// The ARNs in a member, or in a list of them, that the action can be asked for.
fn named(value: &Value, action: ActionIn, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("arn:") && action.type_of(text).is_some() && !found.contains(text) => {
            found.push(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, action, found)),
        _ => {}
    }
}

/// The form with its placeholders filled; `None`: no member says what one of them is.
fn filled(form: &str, members: &Map<String, Value>, region: &str, account: AccountId) -> Option<String> {
    let mut arn = String::new();
    let mut rest = form;
    while let Some((literal, behind)) = rest.split_once("${") {
        let (placeholder, behind) = behind.split_once('}')?;
        arn.push_str(literal);
        match placeholder {
            "Partition" => arn.push_str("aws"),
            "Region" => arn.push_str(region),
            "Account" => arn.push_str(&account.to_string()),
            other => arn.push_str(member(other, members)?),
        }
        rest = behind;
    }
    arn.push_str(rest);
    Some(arn)
}

/// The member that a placeholder means: of the same name, or `name` for `StateMachineName`.
fn member<'m>(placeholder: &str, members: &'m Map<String, Value>) -> Option<&'m str> {
    let text = |value: &'m Value| value.as_str().filter(|text| !text.is_empty());
    let same = members.iter().find(|(name, _)| name.eq_ignore_ascii_case(placeholder));
    if let Some((_, value)) = same {
        return text(value);
    }
    let is_name = placeholder.to_ascii_lowercase().ends_with("name");
    let name = members.iter().find(|(name, _)| is_name && name.eq_ignore_ascii_case("name"));
    name.and_then(|(_, value)| text(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_policy::table;
    use serde_json::json;

    fn of(service: &str, operation: &str, members: Value) -> Vec<String> {
        let action = table::service(service).unwrap().action(operation).unwrap();
        let members = members.as_object().cloned().unwrap();
        resources(action, &members, "us-east-1", "123456789012".parse().unwrap())
    }

    #[test]
    fn names_fill_the_forms_of_arns() {
        let arn = "arn:aws:ecr:us-east-1:123456789012:repository/app/web";
        assert_eq!(of("ecr", "DescribeImages", json!({ "repositoryName": "app/web" })), [arn]);
        assert_eq!(of("ecr", "TagResource", json!({ "resourceArn": arn, "tags": [] })), [arn]);
        assert_eq!(of("ecr", "DescribeRepositories", json!({})), Vec::<String>::new());
        assert_eq!(of("ecr", "GetAuthorizationToken", json!({ "repositoryName": "x" })), Vec::<String>::new());
    }

    #[test]
    fn an_arn_that_does_not_fit_the_action_is_not_its_resource() {
        let key = "arn:aws:kms:us-east-1:123456789012:key/1";
        assert_eq!(of("ecr", "TagResource", json!({ "resourceArn": key })), Vec::<String>::new());
    }
}
