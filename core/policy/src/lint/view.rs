//! The document as the rules look at it: statements, strings and conditions, each with its place.

use super::finding::{Finding, FindingKind, Location, Step};
use super::operator::Operator;
use super::{LintKind, keys};
use crate::key::NoKeys;
use crate::pattern::{Meaning, Pattern};
use crate::spanned::{Member, Node, Position};
use std::ops::Range;

/// A place in the document.
#[derive(Debug, Clone)]
pub struct Spot {
    pub path: Vec<Step>,
    pub span: Range<usize>,
}

/// The document under review, and what has been found.
pub struct Policy<'a> {
    pub text: &'a str,
    pub kind: LintKind,
    pub root: &'a Node,
    pub has_variables: bool,
    pub statements: Vec<Statement<'a>>,
    findings: Vec<Finding>,
}

/// One statement.
#[derive(Clone)]
pub struct Statement<'a> {
    pub spot: Spot,
    pub members: &'a [Member],
    pub effect: Option<crate::Effect>,
    pub conditions: Vec<Condition<'a>>,
}

/// A string of a statement.
#[derive(Clone)]
pub struct Found<'a> {
    pub text: &'a str,
    pub spot: Spot,
}

/// One operator with one key.
#[derive(Clone)]
pub struct Condition<'a> {
    pub operator: &'a str,
    pub operator_spot: Spot,
    /// `None`: there is no such operator.
    pub reading: Option<Operator>,
    pub key: &'a str,
    pub lower_key: String,
    pub key_spot: Spot,
    pub values: Vec<(String, Spot)>,
}

impl<'a> Policy<'a> {
    pub fn new(text: &'a str, kind: LintKind, root: &'a Node) -> Self {
        let members = root.members().unwrap_or_default();
        let version = members.iter().find(|m| m.name == "Version").and_then(|m| m.node.text());
        let statements = members.iter().find(|m| m.name == "Statement").map(statements).unwrap_or_default();
        Self { text, kind, root, has_variables: version == Some("2012-10-17"), statements, findings: Vec::new() }
    }

    /// The statements, to be looked at while findings are made.
    pub fn each(&self) -> Vec<Statement<'a>> {
        self.statements.clone()
    }
    pub fn findings(self) -> Vec<Finding> {
        self.findings
    }

    pub fn error(&mut self, code: &'static str, at: &Spot, details: impl Into<String>) {
        self.find(FindingKind::Error, code, &[at], details.into());
    }
    pub fn security(&mut self, code: &'static str, at: &Spot, details: impl Into<String>) {
        self.find(FindingKind::SecurityWarning, code, &[at], details.into());
    }
    pub fn warning(&mut self, code: &'static str, at: &Spot, details: impl Into<String>) {
        self.find(FindingKind::Warning, code, &[at], details.into());
    }
    pub fn suggestion(&mut self, code: &'static str, at: &Spot, details: impl Into<String>) {
        self.find(FindingKind::Suggestion, code, &[at], details.into());
    }
    pub fn find(&mut self, kind: FindingKind, code: &'static str, at: &[&Spot], details: String) {
        let place = |spot: &&Spot| Location {
            path: spot.path.clone(),
            start: Position::of(self.text, spot.span.start),
            end: Position::of(self.text, spot.span.end),
        };
        let locations = at.iter().map(place).collect();
        self.findings.push(Finding::new(kind, code, details, locations));
    }
}

fn statements(member: &Member) -> Vec<Statement<'_>> {
    let is_list = matches!(member.node.value, crate::spanned::Value::List(_));
    let read = |(place, node): (usize, &'_ Node)| {
        let mut path = vec![Step::Value("Statement".into())];
        path.extend(is_list.then_some(Step::Index(place)));
        (path, node.span.clone())
    };
    let mut found = Vec::new();
    for (place, node) in member.node.items().iter().enumerate() {
        let (path, span) = read((place, node));
        let members = node.members().unwrap_or_default();
        let effect = members.iter().find(|m| m.name == "Effect").and_then(|m| match m.node.text() {
            Some("Allow") => Some(crate::Effect::Allow),
            Some("Deny") => Some(crate::Effect::Deny),
            _ => None,
        });
        let spot = Spot { path, span };
        let conditions = conditions(&spot, members);
        found.push(Statement { spot, members, effect, conditions });
    }
    found
}

fn conditions<'a>(statement: &Spot, members: &'a [Member]) -> Vec<Condition<'a>> {
    let mut found = Vec::new();
    let Some(element) = members.iter().find(|m| m.name == "Condition") else { return found };
    let under = statement.value("Condition", &element.node);
    for operator in element.node.members().unwrap_or_default() {
        let operator_spot = under.key(operator);
        let inside = under.value(&operator.name, &operator.node);
        for key in operator.node.members().unwrap_or_default() {
            let values = inside.strings(key).into_iter().map(|(node, spot)| (node.scalar().unwrap_or_default(), spot));
            found.push(Condition {
                operator: &operator.name,
                operator_spot: operator_spot.clone(),
                reading: Operator::read(&operator.name),
                key: &key.name,
                lower_key: key.name.to_lowercase(),
                key_spot: inside.key(key),
                values: values.collect(),
            });
        }
    }
    found
}

impl Spot {
    /// The value behind a name.
    pub fn value(&self, name: &str, node: &Node) -> Self {
        let mut path = self.path.clone();
        path.push(Step::Value(name.to_owned()));
        Self { path, span: node.span.clone() }
    }
    /// The name itself.
    pub fn key(&self, member: &Member) -> Self {
        let mut path = self.path.clone();
        path.push(Step::Key(member.name.clone()));
        Self { path, span: member.name_span.clone() }
    }
    /// The items of the list behind a name, or the one value.
    pub fn strings<'n>(&self, member: &'n Member) -> Vec<(&'n Node, Spot)> {
        let whole = self.value(&member.name, &member.node);
        let is_list = matches!(member.node.value, crate::spanned::Value::List(_));
        let place = |(place, node): (usize, &'n Node)| {
            let mut path = whole.path.clone();
            path.extend(is_list.then_some(Step::Index(place)));
            (node, Spot { path, span: node.span.clone() })
        };
        member.node.items().iter().enumerate().map(place).collect()
    }
}

impl<'a> Statement<'a> {
    pub fn member(&self, name: &str) -> Option<&'a Member> {
        self.members.iter().find(|member| member.name == name)
    }
    pub fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }
    pub fn allows(&self) -> bool {
        self.effect == Some(crate::Effect::Allow)
    }
    pub fn denies(&self) -> bool {
        self.effect == Some(crate::Effect::Deny)
    }
    /// The value of a member; the statement itself if it has none.
    pub fn at(&self, name: &str) -> Spot {
        self.member(name).map_or_else(|| self.spot.clone(), |member| self.spot.value(name, &member.node))
    }
    /// The name of a member; the statement itself if it has none.
    pub fn at_key(&self, name: &str) -> Spot {
        self.member(name).map_or_else(|| self.spot.clone(), |member| self.spot.key(member))
    }
    /// The strings of a member that is a string or a list of them.
    pub fn strings(&self, name: &str) -> Vec<Found<'a>> {
        let Some(member) = self.member(name) else { return Vec::new() };
        let found = self.spot.strings(member).into_iter();
        found.filter_map(|(node, spot)| Some(Found { text: node.text()?, spot })).collect()
    }
    pub fn actions(&self) -> Vec<Found<'a>> {
        self.strings("Action")
    }
    pub fn resources(&self) -> Vec<Found<'a>> {
        self.strings("Resource")
    }
    /// Whether some listed action covers this one (lower case), `NotAction` taken into account.
    pub fn covers(&self, action: &str) -> bool {
        let covers = |found: &Found<'_>| pattern_covers(found.text, action);
        if self.has("NotAction") {
            return !self.strings("NotAction").iter().any(covers);
        }
        self.actions().iter().any(covers)
    }
    /// Whether `Principal` is everybody.
    pub fn names_everyone(&self) -> bool {
        self.member("Principal").is_some_and(|member| match member.node.members() {
            None => member.node.text() == Some("*"),
            Some(families) => {
                families.iter().any(|f| f.name == "AWS" && f.node.items().iter().any(|n| n.text() == Some("*")))
            }
        })
    }
    pub fn on_key(&self, lower_key: &str) -> impl Iterator<Item = &Condition<'a>> {
        self.conditions.iter().filter(move |c| c.lower_key == lower_key)
    }
    /// The prefixes of the services of its actions; `None`: an action of any service is among them.
    pub fn services(&self) -> Option<Vec<String>> {
        if self.has("NotAction") {
            return None;
        }
        self.actions().iter().map(|a| a.text.split_once(':').map(|(service, _)| service.to_lowercase())).collect()
    }
}

impl Condition<'_> {
    pub fn negated(&self) -> bool {
        self.reading.is_some_and(|reading| reading.negated)
    }
    /// What is known of the key, if it is one of the global ones.
    pub fn global(&self) -> Option<&'static keys::Global> {
        keys::global(&self.lower_key)
    }
}

/// Whether a pattern with wildcards covers a text; letters of either case are the same.
pub fn pattern_covers(pattern: &str, text: &str) -> bool {
    let meaning = Meaning { wildcards: true, variables: false };
    Pattern::new(&pattern.to_lowercase(), meaning).matches(&text.to_lowercase(), &NoKeys)
}
