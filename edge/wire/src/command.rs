//! A request as a command of the AWS CLI spells it: words become an operation and its members, by the model.
//!
//! What the CLI adds of its own is known for EC2's rules and entries (`--protocol`, `--port`, `--cidr`, `--source-group`,
//! `--ingress`); its words about output are passed over.

use crate::model::{Kind, Member, Model, Shape};
use serde_json::{Map, Number, Value, json};

/// Words of the CLI itself with a value, and those without.
const OWN_WITH_VALUE: &[&str] =
    &["query", "output", "profile", "region", "endpoint-url", "color", "cli-read-timeout", "cli-connect-timeout"];
const OWN_ALONE: &[&str] = &["no-cli-pager", "debug", "no-paginate", "no-verify-ssl", "no-sign-request"];

impl Model {
    /// Operation and input of a command's words behind `aws SERVICE`; what is wrong with it otherwise.
    pub fn command(&self, words: &[String]) -> Result<(String, Value), String> {
        let (name, words) = words.split_first().ok_or("a command without an operation")?;
        let operation = self.operations().into_iter().find(|operation| kebab(operation) == *name);
        let operation = operation.ok_or_else(|| format!("`{name}` is no operation of {}", self.signing_name()))?;
        let op = self.op(operation).ok_or("an operation without a model")?;
        let shape = op.input.as_ref().map(|input| self.shape(input));
        let mut input = Map::new();
        let mut rule = Map::new();
        for (option, values) in options(words)? {
            if OWN_WITH_VALUE.contains(&option) || OWN_ALONE.contains(&option) {
                continue;
            }
            let members = shape.map(|shape| shape.members.as_slice()).unwrap_or_default();
            let of = |name: &str| members.iter().find(|member| kebab(&member.name) == name);
            if RULE_WORDS.contains(&option) && of("ip-permissions").is_some() {
                rule.insert(option.to_owned(), Value::from(one(option, &values)?));
            } else if option == "ingress" && of("egress").is_some() {
                input.insert("Egress".to_owned(), json!(false));
            } else if let Some(member) = of(option) {
                input.insert(member.name.clone(), self.member(member, option, &values)?);
            } else if let Some(member) = option.strip_prefix("no-").and_then(of) {
                input.insert(member.name.clone(), json!(false));
            } else {
                return Err(format!("{name} has no option --{option}"));
            }
        }
        if !rule.is_empty() {
            input.insert("IpPermissions".to_owned(), json!([permission(&rule)?]));
        }
        Ok((operation.to_owned(), Value::Object(input)))
    }

    fn member(&self, member: &Member, option: &str, values: &[&str]) -> Result<Value, String> {
        let shape = self.shape(member);
        match shape.kind {
            Kind::Boolean if values.is_empty() => Ok(json!(true)),
            Kind::List => match values {
                [text] if text.trim_start().starts_with('[') => self.json(shape, option, text),
                words => {
                    let item = shape.item.as_ref().ok_or("a list without items")?;
                    let item = self.shape(item);
                    words
                        .iter()
                        .map(|word| self.word(item, option, word))
                        .collect::<Result<Vec<_>, _>>()
                        .map(Value::Array)
                }
            },
            _ => self.word(shape, option, one(option, values)?),
        }
    }

    /// One word of the command line: JSON, the shorthand, or plain text.
    fn word(&self, shape: &Shape, option: &str, word: &str) -> Result<Value, String> {
        match shape.kind {
            Kind::Structure | Kind::List | Kind::Map if word.trim_start().starts_with(['{', '[']) => {
                self.json(shape, option, word)
            }
            Kind::Structure | Kind::Map => {
                let mut reader = Shorthand { rest: word };
                let value = reader.pairs()?;
                reader.end(option)?;
                self.fitted(shape, option, value)
            }
            _ => self.fitted(shape, option, Value::from(word)),
        }
    }

    fn json(&self, shape: &Shape, option: &str, text: &str) -> Result<Value, String> {
        let value = serde_json::from_str(text).map_err(|error| format!("--{option}: {error}"))?;
        self.fitted(shape, option, value)
    }

    /// A value with the types that the model says, in every depth.
    fn fitted(&self, shape: &Shape, option: &str, value: Value) -> Result<Value, String> {
        let unfit = |value: &Value| format!("--{option}: {value} does not fit");
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(given)) => {
                let mut fields = Map::new();
                for (name, value) in given {
                    let member = shape.members.iter().find(|member| member.name == name);
                    let member = member.ok_or_else(|| format!("--{option}: there is no member {name}"))?;
                    fields.insert(name, self.fitted(self.shape(member), option, value)?);
                }
                Ok(Value::Object(fields))
            }
            (Kind::List, Value::Array(items)) => {
                let item = shape.item.as_ref().ok_or("a list without items")?;
                items
                    .into_iter()
                    .map(|value| self.fitted(self.shape(item), option, value))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::Array)
            }
            // The shorthand writes a list of one as its item.
            (Kind::List, value) => self.fitted(shape, option, Value::Array(vec![value])),
            (Kind::Integer | Kind::Long, Value::String(text)) => {
                text.parse::<i64>().map(Value::from).map_err(|_| format!("--{option}: `{text}` is no number"))
            }
            (Kind::Float, Value::String(text)) => {
                let number = text.parse().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(|| format!("--{option}: `{text}` is no number"))
            }
            (Kind::Boolean, Value::String(text)) => match text.as_str() {
                "true" | "True" => Ok(json!(true)),
                "false" | "False" => Ok(json!(false)),
                _ => Err(format!("--{option}: `{text}` is neither true nor false")),
            },
            (Kind::String, value @ Value::String(_)) => Ok(value),
            (Kind::String, Value::Number(number)) => Ok(Value::from(number.to_string())),
            (Kind::Integer | Kind::Long | Kind::Float, value @ Value::Number(_)) => Ok(value),
            (Kind::Boolean, value @ Value::Bool(_)) => Ok(value),
            (Kind::Structure | Kind::String | Kind::Integer | Kind::Long | Kind::Float | Kind::Boolean, value) => {
                Err(unfit(&value))
            }
            (_, value) => Ok(value),
        }
    }
}

/// The CLI's own words for one rule of a security group.
const RULE_WORDS: &[&str] = &["protocol", "port", "cidr", "source-group", "group-owner"];

fn permission(rule: &Map<String, Value>) -> Result<Value, String> {
    let text = |name: &str| rule.get(name).and_then(Value::as_str);
    let protocol = match text("protocol").ok_or("a rule without --protocol")? {
        "all" => "-1",
        other => other,
    };
    let mut told = json!({ "IpProtocol": protocol });
    if let Some(port) = text("port") {
        let (first, last) = match port {
            "all" | "-1" => ("-1", "-1"),
            range => range.split_once('-').filter(|(first, _)| !first.is_empty()).unwrap_or((range, range)),
        };
        let number = |text: &str| text.parse::<i64>().map_err(|_| format!("--port: `{text}` is no number"));
        told["FromPort"] = json!(number(first)?);
        told["ToPort"] = json!(number(last)?);
    }
    if let Some(cidr) = text("cidr") {
        told["IpRanges"] = json!([{ "CidrIp": cidr }]);
    }
    if let Some(group) = text("source-group") {
        told["UserIdGroupPairs"] = json!([{ "GroupId": group }]);
    }
    Ok(told)
}

fn one<'a>(option: &str, values: &[&'a str]) -> Result<&'a str, String> {
    match values {
        [value] => Ok(value),
        [] => Err(format!("--{option} needs a value")),
        _ => Err(format!("--{option} has one value, not {}", values.len())),
    }
}

/// Each `--option` with the words up to the next.
fn options(words: &[String]) -> Result<Vec<(&str, Vec<&str>)>, String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for word in words {
        match (word.strip_prefix("--"), found.last_mut()) {
            (Some(option), _) => match option.split_once('=') {
                Some((option, value)) => found.push((option, vec![value])),
                None => found.push((option, vec![])),
            },
            (None, Some((_, values))) => values.push(word),
            (None, None) => return Err(format!("`{word}` belongs to no option")),
        }
    }
    Ok(found)
}

/// `DescribeVpcs` as the CLI spells it: `describe-vpcs`.
fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || letters.get(place + 1).is_some_and(char::is_ascii_lowercase)
            });
        if starts {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The CLI's shorthand: `Key=value,Other={Inner=1},List=[a,b]`.
struct Shorthand<'a> {
    rest: &'a str,
}

impl<'a> Shorthand<'a> {
    fn end(&self, option: &str) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("--{option}: what is `{}`?", self.rest)) }
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn pairs(&mut self) -> Result<Value, String> {
        let mut fields = Map::new();
        loop {
            let (key, rest) = self.rest.split_once('=').ok_or_else(|| format!("`{}` is no Key=value", self.rest))?;
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_:".contains(c)) {
                return Err(format!("`{key}` is no key"));
            }
            self.rest = rest;
            let value = self.value()?;
            fields.insert(key.to_owned(), value);
            if !self.eat(',') {
                return Ok(Value::Object(fields));
            }
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.eat('{') {
            let value = self.pairs()?;
            return if self.eat('}') { Ok(value) } else { Err("a `{` without its `}`".to_owned()) };
        }
        if self.eat('[') {
            let mut items = Vec::new();
            while !self.eat(']') {
                items.push(self.value()?);
                if !self.eat(',') && !self.rest.starts_with(']') {
                    return Err("a `[` without its `]`".to_owned());
                }
            }
            return Ok(Value::Array(items));
        }
        let mut items = vec![self.scalar()?];
        // `Values=a,b`: what follows a comma and is no key belongs to the list.
        while self.rest.starts_with(',') && !is_pair(&self.rest[1..]) {
            self.eat(',');
            items.push(self.scalar()?);
        }
        if items.len() > 1 {
            return Ok(Value::Array(items));
        }
        Ok(items.pop().unwrap_or_default())
    }

    fn scalar(&mut self) -> Result<Value, String> {
        for quote in ['"', '\''] {
            if self.eat(quote) {
                let (text, rest) = self.rest.split_once(quote).ok_or("a quote without its end")?;
                self.rest = rest;
                return Ok(Value::from(text));
            }
        }
        let end = self.rest.find([',', '}', ']']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Value::from(text))
    }
}

/// Whether the text begins with `Key=`.
fn is_pair(text: &str) -> bool {
    let end = text.find([',', '}', ']']).unwrap_or(text.len());
    text.get(..end).is_some_and(|text| text.contains('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    fn read(command: &str) -> Result<(String, Value), String> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        model("ec2").unwrap().command(&words)
    }

    #[test]
    fn commands_are_requests() {
        let read = |command: &str| read(command).unwrap();
        assert_eq!(
            read(
                "authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 80-90 --cidr 10.0.0.0/8 --output text"
            ),
            (
                "AuthorizeSecurityGroupIngress".to_owned(),
                json!({ "GroupId": "sg-1", "IpPermissions": [
                    { "IpProtocol": "tcp", "FromPort": 80, "ToPort": 90, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] }
                ] })
            )
        );
        assert_eq!(
            read("revoke-security-group-egress --group-id sg-1 --ip-permissions IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0},{CidrIp=10.0.0.0/8}]").1,
            json!({ "GroupId": "sg-1", "IpPermissions": [
                { "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }, { "CidrIp": "10.0.0.0/8" }] }
            ] })
        );
        assert_eq!(
            read(
                "create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 90 --protocol 6 --port-range From=22,To=22 --cidr-block 0.0.0.0/0 --rule-action deny"
            ),
            (
                "CreateNetworkAclEntry".to_owned(),
                json!({ "NetworkAclId": "acl-1", "Egress": false, "RuleNumber": 90, "Protocol": "6",
                    "PortRange": { "From": 22, "To": 22 }, "CidrBlock": "0.0.0.0/0", "RuleAction": "deny" })
            )
        );
        assert_eq!(
            read("modify-vpc-endpoint --vpc-endpoint-id vpce-1 --add-route-table-ids rtb-1 rtb-2 --no-private-dns-enabled").1,
            json!({ "VpcEndpointId": "vpce-1", "AddRouteTableIds": ["rtb-1", "rtb-2"], "PrivateDnsEnabled": false })
        );
        assert_eq!(
            read("describe-vpcs --filters Name=tag:a,Values=b,c Name=state,Values=available").1,
            json!({ "Filters": [{ "Name": "tag:a", "Values": ["b", "c"] }, { "Name": "state", "Values": ["available"] }] })
        );
        assert_eq!(
            read("modify-vpc-attribute --vpc-id vpc-1 --enable-dns-support {\"Value\":false}").1["EnableDnsSupport"],
            json!({ "Value": false })
        );
    }

    #[test]
    fn what_is_no_command_is_named() {
        let wrong = |command: &str| read(command).unwrap_err();
        assert_eq!(wrong("open-the-door"), "`open-the-door` is no operation of ec2");
        assert_eq!(wrong("create-vpc --cidr-blok 10.0.0.0/16"), "create-vpc has no option --cidr-blok");
        assert_eq!(wrong("create-vpc 10.0.0.0/16"), "`10.0.0.0/16` belongs to no option");
        assert_eq!(wrong("create-network-acl-entry --rule-number many"), "--rule-number: `many` is no number");
        assert_eq!(
            wrong("create-network-acl-entry --port-range From=1,Until=2"),
            "--port-range: there is no member Until"
        );
        assert!(wrong("create-network-acl-entry --port-range From").contains("no Key=value"));
    }
}
