//! The decision once more, written like AWS's chart and for nothing but reading: from the documents' JSON texts, with
//! strings only. The random tests hold it against [`crate::decide`]; it shares with it the keys of the request alone.

use crate::{Ask, Keys, PolicyKind, PolicySet, keys_within};
use postern_call::Principal;
use postern_names::Via;
use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Deny,
    Missing(PolicyKind),
}

/// How an Allow names the caller, from least to most.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Named {
    Account,
    Everyone,
    Role,
    Exactly,
}

pub fn evaluate_plainly(ask: &Ask<'_>, set: &PolicySet) -> Verdict {
    let keys = keys_within(ask, &set.memberships);
    let caller = &ask.caller.principal;
    let root = matches!(caller, Principal::Root { .. });
    let linked = matches!(caller, Principal::Role { path, .. } if path.starts_with("/aws-service-role/"));
    let stranger = matches!(caller, Principal::Anonymous | Principal::Service { .. } | Principal::WebIdentity { .. });
    let texts = |list: &[crate::Attached]| list.iter().map(|a| a.document.text().to_owned()).collect::<Vec<_>>();
    let one =
        |policy: &Option<crate::Attached>| policy.iter().map(|a| a.document.text().to_owned()).collect::<Vec<_>>();
    let if_any = |policies: Vec<String>, applies: bool| if applies { policies } else { Vec::new() };

    let identity = if_any(texts(&set.identity), !root && !stranger);
    let boundary = if_any(one(&set.boundary), !root && !stranger);
    let session = if_any(texts(&set.session), !stranger);
    let scp: Vec<Vec<String>> = set.service_control.iter().map(|l| texts(l)).filter(|_| !stranger && !linked).collect();
    let rcp: Vec<Vec<String>> = set.resource_control.iter().map(|l| texts(l)).filter(|_| !linked).collect();
    let endpoint = if_any(one(&set.endpoint), matches!(ask.via, Via::Endpoint { .. }));
    let mut resource = one(&set.resource);
    if let (true, Some(policy)) = (resource.is_empty(), ask.resource_policy) {
        resource.push(policy.text().to_owned());
    }
    let has_resource_policy = !resource.is_empty();
    let own_kind = if ask.resource_policy.is_some() && ask.action.starts_with("sts:") {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    };
    let resource_kind = set.resource.as_ref().map_or(own_kind, |a| a.kind);
    let bounded = set.boundary.is_some();

    let allow = |policies: &[String], named: bool| {
        let of = |text: &String| strongest(text, "Allow", named, ask, &keys, bounded);
        policies.iter().filter_map(of).fold(None, |best: Option<Named>, n| if best > Some(n) { best } else { Some(n) })
    };
    let deny = |policies: &[String], named: bool| {
        policies.iter().any(|text| strongest(text, "Deny", named, ask, &keys, bounded).is_some())
    };

    // 1. Any deny of any kind.
    if scp.iter().any(|l| deny(l, false)) || rcp.iter().any(|l| deny(l, true)) || deny(&endpoint, true) {
        return Verdict::Deny;
    }
    if deny(&resource, true) || deny(&identity, false) || deny(&boundary, false) || deny(&session, false) {
        return Verdict::Deny;
    }
    // 2. to 4. Each level of control, and the endpoint.
    if rcp.iter().any(|level| allow(level, true).is_none()) {
        return Verdict::Missing(PolicyKind::ResourceControl);
    }
    if scp.iter().any(|level| allow(level, false).is_none()) {
        return Verdict::Missing(PolicyKind::ServiceControl);
    }
    if !endpoint.is_empty() && allow(&endpoint, true).is_none() {
        return Verdict::Missing(PolicyKind::Endpoint);
    }
    // 5. The resource's policy.
    let by_resource = allow(&resource, true);
    let account = ask.caller.account();
    let foreign = account.is_some() && ask.resource_account.is_some() && account != ask.resource_account;
    let own_word = has_resource_policy
        && (resource_kind == PolicyKind::Trust || (ask.action.starts_with("kms:") && ask.resource != "*"));
    if (stranger || foreign || own_word) && by_resource.is_none() {
        return Verdict::Missing(resource_kind);
    }
    if stranger || (!foreign && by_resource == Some(Named::Exactly)) {
        return Verdict::Allow;
    }
    // 6. to 8. Identity, boundary, session.
    let by_resource = !foreign && matches!(by_resource, Some(Named::Everyone | Named::Role));
    if !root && !by_resource && allow(&identity, false).is_none() {
        return Verdict::Missing(PolicyKind::Identity);
    }
    if !boundary.is_empty() && allow(&boundary, false).is_none() {
        return Verdict::Missing(PolicyKind::Boundary);
    }
    if !session.is_empty() && allow(&session, false).is_none() {
        return Verdict::Missing(PolicyKind::Session);
    }
    Verdict::Allow
}

/// The closest naming among the statements of this effect that fit the request.
fn strongest(text: &str, effect: &str, named: bool, ask: &Ask<'_>, keys: &Keys, bounded: bool) -> Option<Named> {
    let document: Value = serde_json::from_str(text).expect("a parsed document");
    let variables = document["Version"] == "2012-10-17";
    let mut best = None;
    for statement in list(&document["Statement"]) {
        let action = |wanted: &str| {
            let (wanted, asked) = (wanted.to_lowercase(), ask.action.to_lowercase());
            wanted == "*" || glob(&wanted, &asked)
        };
        let actions = if statement["Action"].is_null() {
            !strings(&statement["NotAction"]).iter().any(|a| action(a))
        } else {
            strings(&statement["Action"]).iter().any(|a| action(a))
        };
        let resource = |wanted: &str| resource_fits(wanted, ask.resource, variables, keys);
        let resources = match (&statement["Resource"], &statement["NotResource"]) {
            (Value::Null, Value::Null) => true,
            (Value::Null, not) => !strings(not).iter().any(|r| resource(r)),
            (yes, _) => strings(yes).iter().any(|r| resource(r)),
        };
        let conditions = conditions_hold(&statement["Condition"], variables, keys);
        if statement["Effect"] != effect || !actions || !resources || !conditions {
            continue;
        }
        let mut naming = if named { principal_fits(&statement, ask, bounded) } else { Some(Named::Exactly) };
        let on_principal = statement["Condition"].as_object().is_some_and(|operators| {
            operators.iter().any(|(operator, pairs)| {
                !operator.contains("Not")
                    && pairs.as_object().is_some_and(|p| p.keys().any(|k| k.eq_ignore_ascii_case("aws:PrincipalArn")))
            })
        });
        if naming == Some(Named::Everyone) && on_principal && effect == "Allow" {
            naming = Some(Named::Exactly);
        }
        if naming > best {
            best = naming;
        }
    }
    best
}

fn principal_fits(statement: &Value, ask: &Ask<'_>, bounded: bool) -> Option<Named> {
    let caller = ask.caller;
    let account = caller.account().map(|a| a.to_string());
    let root_arn = account.as_ref().map(|a| format!("arn:aws:iam::{a}:root"));
    let session_arn = caller.arn().map(|a| a.to_string());
    let role_arn = caller.principal_arn().map(|a| a.to_string());
    let names = |element: &Value| match element {
        Value::String(all) => vec![("AWS".to_owned(), all.clone())],
        other => other
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(family, names)| strings(names).into_iter().map(move |name| (family.clone(), name)))
            .collect(),
    };
    let naming = |(family, name): &(String, String)| {
        let is = |have: &Option<String>| have.as_deref() == Some(name.as_str());
        if family == "Service" {
            return matches!(&caller.principal, Principal::Service { name: own } if own == name)
                .then_some(Named::Exactly);
        }
        if family == "Federated" {
            return matches!(&caller.principal, Principal::WebIdentity { provider, .. } if provider == name)
                .then_some(Named::Exactly);
        }
        if name == "*" {
            Some(Named::Everyone)
        } else if is(&account) || is(&root_arn) {
            Some(if matches!(caller.principal, Principal::Root { .. }) { Named::Exactly } else { Named::Account })
        } else if is(&session_arn) {
            Some(Named::Exactly)
        } else if is(&role_arn) {
            Some(Named::Role)
        } else {
            None
        }
    };
    if statement["NotPrincipal"].is_null() {
        let all = names(&statement["Principal"]);
        return all.iter().filter_map(naming).fold(None, |best, n| if best > Some(n) { best } else { Some(n) });
    }
    let listed = names(&statement["NotPrincipal"]);
    let has = |wanted: &Option<String>| listed.iter().any(|(_, name)| wanted.as_deref() == Some(name.as_str()));
    let account_listed = has(&account) || has(&root_arn);
    let exempt = listed.iter().any(|(_, name)| name == "*")
        || match &caller.principal {
            Principal::Anonymous => false,
            Principal::Service { .. } => listed.iter().any(|pair| pair.0 == "Service" && naming(pair).is_some()),
            Principal::WebIdentity { .. } => listed.iter().any(|pair| pair.0 == "Federated" && naming(pair).is_some()),
            Principal::Root { .. } => account_listed,
            _ => account_listed && has(&session_arn) && has(&role_arn),
        };
    (bounded || !exempt).then_some(Named::Everyone)
}

fn resource_fits(wanted: &str, asked: &str, variables: bool, keys: &Keys) -> bool {
    if wanted == "*" {
        return true;
    }
    let wanted: Vec<&str> = wanted.splitn(6, ':').collect();
    let asked: Vec<&str> = asked.splitn(6, ':').collect();
    asked.len() == 6
        && (0..6).all(|i| {
            let field = wanted.get(i).copied().unwrap_or("*");
            match if variables && i == 5 { fill(field, keys, true) } else { Some(field.to_owned()) } {
                Some(field) => glob(&field, asked[i]),
                None => false,
            }
        })
}

fn conditions_hold(element: &Value, variables: bool, keys: &Keys) -> bool {
    let pairs = element.as_object().into_iter().flatten();
    pairs.flat_map(|(op, keys)| keys.as_object().into_iter().flatten().map(move |(k, v)| (op, k, v))).all(
        |(operator, key, wanted)| {
            let found = keys.get(&key.to_lowercase()).cloned().unwrap_or_default();
            let (set, word) = operator.split_once(':').unwrap_or(("", operator));
            let word_only = word.trim_end_matches("IfExists");
            if word_only == "Null" {
                return strings(wanted).iter().any(|w| (w == "true") == found.is_empty());
            }
            let negated = word_only.contains("Not");
            if found.is_empty() {
                return match set {
                    "ForAllValues" => true,
                    "ForAnyValue" => word != word_only,
                    _ => word != word_only || negated,
                };
            }
            let bare = word_only.replace("Not", "");
            let one =
                |value: &String| strings(wanted).iter().any(|w| compare(&bare, value, w, variables, keys)) != negated;
            if set == "ForAllValues" || (set.is_empty() && negated) {
                found.iter().all(one)
            } else {
                found.iter().any(one)
            }
        },
    )
}

fn compare(operator: &str, found: &str, wanted: &str, variables: bool, keys: &Keys) -> bool {
    let numbers = || Some((found.parse::<f64>().ok()?, wanted.parse::<f64>().ok()?));
    let dates = || {
        let rfc = &time::format_description::well_known::Rfc3339;
        let date = |text| time::OffsetDateTime::parse(text, rfc).ok();
        Some((date(found)?, date(wanted)?))
    };
    let ordered = |suffix: &str, order: std::cmp::Ordering| match suffix {
        "Equals" => order.is_eq(),
        "LessThan" => order.is_lt(),
        "LessThanEquals" => order.is_le(),
        "GreaterThan" => order.is_gt(),
        "GreaterThanEquals" => order.is_ge(),
        other => panic!("no comparison {other}"),
    };
    let filled = |wild| if variables { fill(wanted, keys, wild) } else { Some(wanted.to_owned()) };
    match operator {
        "StringEquals" => filled(false).is_some_and(|w| w == found),
        "StringEqualsIgnoreCase" => filled(false).is_some_and(|w| w.to_lowercase() == found.to_lowercase()),
        "StringLike" => filled(true).is_some_and(|w| glob(&w, found)),
        "ArnLike" | "ArnEquals" => {
            let (w, f): (Vec<&str>, Vec<&str>) = (wanted.splitn(6, ':').collect(), found.splitn(6, ':').collect());
            w.len() == 6 && f.len() == 6 && w.iter().zip(f).all(|(w, f)| glob(w, f))
        }
        "Bool" => found == wanted,
        "IpAddress" => {
            let (net, length) = wanted.split_once('/').unwrap_or((wanted, "32"));
            let bits = |text: &str| text.parse::<std::net::Ipv4Addr>().map(u32::from);
            let (Ok(net), Ok(ip), Ok(length)) = (bits(net), bits(found), length.parse::<u32>()) else { return false };
            let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
            net & mask == ip & mask
        }
        _ => match (operator.strip_prefix("Numeric"), operator.strip_prefix("Date")) {
            (Some(suffix), _) => numbers().and_then(|(f, w)| f.partial_cmp(&w)).is_some_and(|o| ordered(suffix, o)),
            (_, Some(suffix)) => dates().is_some_and(|(f, w)| ordered(suffix, f.cmp(&w))),
            _ => panic!("no operator {operator}"),
        },
    }
}

/// Fills `${key}`; what is filled in is literal: where wildcards count, its own are written as private characters.
fn fill(text: &str, keys: &Keys, wild: bool) -> Option<String> {
    let Some((before, rest)) = text.split_once("${") else { return Some(text.to_owned()) };
    let (inside, after) = rest.split_once('}').expect("closed in these tests");
    let (key, default) = inside.split_once(',').map_or((inside, None), |(k, d)| (k, Some(d)));
    let value = match (inside, keys.get(&key.trim().to_lowercase()), default) {
        ("*" | "?" | "$", ..) => inside.to_owned(),
        (_, Some(values), _) if values.len() == 1 => values[0].clone(),
        (_, _, Some(default)) => default.trim().trim_matches('\'').to_owned(),
        _ => return None,
    };
    let value = if wild { value.replace('*', "\u{e000}").replace('?', "\u{e001}") } else { value };
    Some(format!("{before}{value}{}", fill(after, keys, wild)?))
}

fn glob(pattern: &str, text: &str) -> bool {
    let Some(head) = pattern.chars().next() else { return text.is_empty() };
    let behind = &pattern[head.len_utf8()..];
    let mut rest = text.chars();
    match head {
        '*' => glob(behind, text) || (rest.next().is_some() && glob(pattern, rest.as_str())),
        '?' => rest.next().is_some() && glob(behind, rest.as_str()),
        '\u{e000}' => rest.next() == Some('*') && glob(behind, rest.as_str()),
        '\u{e001}' => rest.next() == Some('?') && glob(behind, rest.as_str()),
        literal => rest.next() == Some(literal) && glob(behind, rest.as_str()),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn strings(value: &Value) -> Vec<String> {
    let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    list(value).iter().map(text).collect()
}
