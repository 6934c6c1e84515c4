//! Conditions on JSON: `{ ($.user = "a*" || $.code >= 400) && $.error IS TRUE && $.note NOT EXISTS }`.

use super::operand::Comparison;
use super::reader::Reader;
use super::{Wrong, expected};
use serde_json::Value;

#[derive(Debug)]
pub struct Json(Expression);

#[derive(Debug)]
enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    One(Selector, Test),
}

#[derive(Debug)]
enum Test {
    Compare(Comparison),
    Null,
    Truth(bool),
    Absent,
}

/// The way to a value: `$.a.b[0]`, and the text that says so.
#[derive(Debug)]
struct Selector {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Member(String),
    Item(usize),
    Each,
}

/// How deep parentheses may go.
const DEPTH_MAX: usize = 32;

pub fn read(text: &str) -> Result<Json, Wrong> {
    let mut reader = Reader::new(text);
    reader.demand("{")?;
    let expression = any(&mut reader, 0)?;
    reader.skip_spaces();
    reader.demand("}")?;
    if reader.is_at_end() { Ok(Json(expression)) } else { Err(expected("nothing behind }")) }
}

fn any(reader: &mut Reader<'_>, depth: usize) -> Result<Expression, Wrong> {
    let all = |reader: &mut Reader<'_>| {
        Ok(Expression::All(reader.several("&&", |reader: &mut Reader<'_>| one(reader, depth))?))
    };
    Ok(Expression::Any(reader.several("||", all)?))
}

fn one(reader: &mut Reader<'_>, depth: usize) -> Result<Expression, Wrong> {
    reader.skip_spaces();
    if reader.take("(") {
        if depth == DEPTH_MAX {
            return Err(expected("fewer parentheses"));
        }
        let expression = any(reader, depth + 1)?;
        reader.skip_spaces();
        reader.demand(")")?;
        return Ok(expression);
    }
    let selector = selector(reader)?;
    reader.skip_spaces();
    Ok(Expression::One(selector, test(reader)?))
}

fn test(reader: &mut Reader<'_>) -> Result<Test, Wrong> {
    if reader.keyword("IS") {
        reader.skip_spaces();
        let known = [("NULL", Test::Null), ("TRUE", Test::Truth(true)), ("FALSE", Test::Truth(false))];
        let found = known.into_iter().find(|(word, _)| reader.keyword(word));
        return found.map(|(_, test)| test).ok_or_else(|| expected("NULL, TRUE or FALSE behind IS"));
    }
    if reader.keyword("NOT") {
        reader.skip_spaces();
        return if reader.keyword("EXISTS") { Ok(Test::Absent) } else { Err(expected("EXISTS behind NOT")) };
    }
    let operator = reader.operator()?;
    reader.skip_spaces();
    let literal = reader.literal(|c| "(){}&|\"".contains(c))?;
    Ok(Test::Compare(Comparison::new(operator, literal)?))
}

fn selector(reader: &mut Reader<'_>) -> Result<Selector, Wrong> {
    reader.demand("$")?;
    let mut steps = Vec::new();
    let mut text = "$".to_owned();
    loop {
        if reader.take(".") {
            let name = reader.take_while(|c| c.is_alphanumeric() || "_-".contains(c));
            if name.is_empty() {
                reader.demand("*")?;
                text.push_str(".*");
                steps.push(Step::Each);
            } else {
                text.push_str(&format!(".{name}"));
                steps.push(Step::Member(name.to_owned()));
            }
        } else if reader.take("[") {
            let step = bracketed(reader)?;
            text.push_str(&match &step {
                Step::Member(name) => format!("['{name}']"),
                Step::Item(at) => format!("[{at}]"),
                Step::Each => "[*]".to_owned(),
            });
            steps.push(step);
        } else if steps.is_empty() {
            return Err(expected("a property behind $"));
        } else {
            return Ok(Selector { text, steps });
        }
    }
}

/// What stands between brackets: an index, `*`, or a name between quotes.
fn bracketed(reader: &mut Reader<'_>) -> Result<Step, Wrong> {
    let step = if reader.take("*") {
        Step::Each
    } else if reader.take("'") {
        Step::Member(reader.quoted('\'')?)
    } else if reader.take("\"") {
        Step::Member(reader.quoted('"')?)
    } else {
        let digits = reader.take_while(|c| c.is_ascii_digit());
        Step::Item(digits.parse().map_err(|_| expected("an index between brackets"))?)
    };
    reader.demand("]")?;
    Ok(step)
}

impl Selector {
    fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| step.of(value)).collect();
        }
        found
    }
}

impl Step {
    fn of<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match self {
            Self::Member(name) => value.get(name.as_str()).into_iter().collect(),
            Self::Item(at) => value.get(at).into_iter().collect(),
            Self::Each => match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(members) => members.values().collect(),
                _ => Vec::new(),
            },
        }
    }
}

impl Test {
    /// Of what a selector found.
    fn takes(&self, found: &[&Value]) -> bool {
        match self {
            Self::Absent => found.is_empty(),
            Self::Null => found.iter().any(|value| value.is_null()),
            Self::Truth(truth) => found.iter().any(|value| value.as_bool() == Some(*truth)),
            Self::Compare(comparison) => found.iter().any(|value| compares(comparison, value)),
        }
    }
}

/// Texts and numbers are compared, and truths with what has a star; nothing else is.
fn compares(comparison: &Comparison, value: &Value) -> bool {
    let is_vague = comparison.literal().is_vague();
    match value {
        Value::String(text) => comparison.takes_text(text),
        Value::Number(number) if is_vague => comparison.takes_text(&number.to_string()),
        Value::Number(number) => number.as_f64().is_some_and(|number| comparison.takes_number(number)),
        Value::Bool(truth) if is_vague => comparison.takes_text(&truth.to_string()),
        _ => false,
    }
}

impl Expression {
    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Any(several) => several.iter().any(|one| one.takes(value)),
            Self::All(several) => several.iter().all(|one| one.takes(value)),
            Self::One(selector, test) => test.takes(&selector.find(value)),
        }
    }

    fn selectors<'e>(&'e self, into: &mut Vec<&'e Selector>) {
        match self {
            Self::Any(several) | Self::All(several) => several.iter().for_each(|one| one.selectors(into)),
            Self::One(selector, _) => into.push(selector),
        }
    }
}

impl Json {
    /// A message that is no JSON object or array is not taken.
    pub fn matches(&self, message: &str) -> bool {
        object(message).is_some_and(|value| self.0.takes(&value))
    }

    pub fn values(&self, message: &str) -> Vec<(String, String)> {
        let Some(value) = object(message) else { return Vec::new() };
        let mut selectors = Vec::new();
        self.0.selectors(&mut selectors);
        let first = |selector: &Selector| {
            let text = match selector.find(&value).first()? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((selector.text.clone(), text))
        };
        selectors.into_iter().filter_map(first).collect()
    }
}

fn object(message: &str) -> Option<Value> {
    let is_one = message.trim_start().starts_with(['{', '[']);
    if is_one { serde_json::from_str(message).ok() } else { None }
}
