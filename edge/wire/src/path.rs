//! Where in a value one is, kept on the stack and spelled only when something is wrong there.

use crate::model::Member;
use std::fmt;

/// A place in an input or output, from the inside out.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a Member),
    /// An item of a list, counted from 0.
    Item(&'a Path<'a>, usize),
    /// The value of a map under this key.
    Entry(&'a Path<'a>, &'a str),
}

impl<'a> Path<'a> {
    pub(crate) fn member(&'a self, member: &'a Member) -> Path<'a> {
        Path::Member(self, member)
    }
    pub(crate) fn item(&'a self, index: usize) -> Path<'a> {
        Path::Item(self, index)
    }
    pub(crate) fn entry(&'a self, key: &'a str) -> Path<'a> {
        Path::Entry(self, key)
    }

    /// As an EC2 request spells it: `TagSpecification.1.Tag.2.Key`.
    pub(crate) fn ec2(&self) -> String {
        match self {
            Path::Root => String::new(),
            Path::Member(parent, member) => joined(parent.ec2(), &ec2_name(member)),
            Path::Item(parent, index) => joined(parent.ec2(), &(index + 1).to_string()),
            Path::Entry(parent, key) => joined(parent.ec2(), key),
        }
    }

    /// As the validation sentences of the other services spell it: `tagSpecifications.1.member.key`.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Path::Root => String::new(),
            Path::Member(parent, member) => joined(parent.sentence(), &lower_first(&member.name)),
            Path::Item(parent, index) => joined(parent.sentence(), &format!("{}.member", index + 1)),
            Path::Entry(parent, key) => joined(parent.sentence(), &format!("{key}.member")),
        }
    }
}

/// As our own programs spell it: `Vpcs[0].Tags[1].Key`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Member(Path::Root, member) => f.write_str(&member.name),
            Path::Member(parent, member) => write!(f, "{parent}.{}", member.name),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Entry(parent, key) => write!(f, "{parent}[{key:?}]"),
        }
    }
}

/// EC2's rule for request names: `queryName`, else `locationName` or the member's name with a capital.
pub(crate) fn ec2_name(member: &Member) -> String {
    match (&member.query, &member.wire) {
        (Some(query), _) => query.clone(),
        (None, Some(wire)) => upper_first(wire),
        (None, None) => upper_first(&member.name),
    }
}

/// Whether a request's name is the member's, without spelling it out.
pub(crate) fn is_ec2_name(member: &Member, given: &str) -> bool {
    if let Some(query) = &member.query {
        return query == given;
    }
    let name = member.wire();
    if given == name {
        return name.chars().next().is_some_and(char::is_uppercase);
    }
    given.len() == name.len() && upper_first(name) == given
}

fn joined(parent: String, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
