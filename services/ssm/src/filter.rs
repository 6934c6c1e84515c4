//! Filters of DescribeParameters and GetParametersByPath. All of them must hold; any value of one is enough.

use crate::parameter::{Parameter, Version};
use postern_call::Refusal;
use postern_kit::Input;

pub struct Filter<'a> {
    key: Key<'a>,
    option: Compared,
    values: Vec<&'a str>,
}

enum Key<'a> {
    Name,
    Path,
    Type,
    /// `KeyId`: the key that encrypts.
    Encryption,
    Tier,
    DataType,
    Label,
    Tag(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Equals,
    BeginsWith,
    Contains,
    OneLevel,
    Recursive,
}

/// Which operation filters: each has its keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Describe,
    ByPath,
}

fn refused(code: &str, message: String) -> Refusal {
    Refusal::new(code, message)
}

/// Reads the members `ParameterFilters` and, of DescribeParameters, the older `Filters`.
pub fn read(input: Input<'_>, of: For) -> Result<Vec<Filter<'_>>, Refusal> {
    let mut filters = Vec::new();
    for given in input.list("ParameterFilters").iter().map(Input) {
        let (word, values) = (given.required("Key")?, given.texts("Values"));
        let key = key(word, of)?;
        let option = option(&key, word, given.text("Option"))?;
        if values.is_empty() && !matches!(key, Key::Tag(_)) {
            return Err(refused(
                "InvalidFilterValue",
                "The following filter values are missing : null for filter key ".to_owned() + word,
            ));
        }
        filters.push(Filter { key, option, values });
    }
    if of == For::Describe {
        for given in input.list("Filters").iter().map(Input) {
            let key = key(given.required("Key")?, of)?;
            let option = if matches!(key, Key::Name) { Compared::BeginsWith } else { Compared::Equals };
            filters.push(Filter { key, option, values: given.texts("Values") });
        }
    }
    Ok(filters)
}

fn key(word: &str, of: For) -> Result<Key<'_>, Refusal> {
    let key = match word {
        "Type" => Some(Key::Type),
        "KeyId" => Some(Key::Encryption),
        "Label" if of == For::ByPath => Some(Key::Label),
        "Name" if of == For::Describe => Some(Key::Name),
        "Path" if of == For::Describe => Some(Key::Path),
        "Tier" if of == For::Describe => Some(Key::Tier),
        "DataType" if of == For::Describe => Some(Key::DataType),
        _ => word.strip_prefix("tag:").filter(|_| of == For::Describe).map(Key::Tag),
    };
    key.ok_or_else(|| {
        let message = match of {
            For::ByPath => format!("The following filter key is not valid: {word}. Valid filter keys include: [Type, KeyId, Label]."),
            For::Describe => format!("The following filter key is not valid: {word}. Valid filter keys include: [Path, Name, Type, KeyId, Tier, DataType, tag:<tag key>]."),
        };
        refused("InvalidFilterKey", message)
    })
}

fn option(key: &Key<'_>, word: &str, given: Option<&str>) -> Result<Compared, Refusal> {
    let option = match given {
        None if matches!(key, Key::Path) => Compared::OneLevel,
        None | Some("Equals") => Compared::Equals,
        Some("BeginsWith") => Compared::BeginsWith,
        Some("Contains") => Compared::Contains,
        Some("OneLevel") => Compared::OneLevel,
        Some("Recursive") => Compared::Recursive,
        Some(other) => return Err(bad_option(other, word)),
    };
    let fits = match key {
        Key::Path => matches!(option, Compared::OneLevel | Compared::Recursive),
        Key::Name => matches!(option, Compared::Equals | Compared::BeginsWith | Compared::Contains),
        Key::Tag(_) | Key::Label | Key::Tier | Key::DataType => option == Compared::Equals,
        Key::Type | Key::Encryption => matches!(option, Compared::Equals | Compared::BeginsWith),
    };
    if fits { Ok(option) } else { Err(bad_option(given.unwrap_or_default(), word)) }
}

fn bad_option(option: &str, key: &str) -> Refusal {
    let message = format!("The following filter option is not valid: {option} for filter key {key}.");
    refused("InvalidFilterOption", message)
}

impl Filter<'_> {
    pub fn takes(&self, parameter: &Parameter, version: &Version) -> bool {
        let name = parameter.record.name.as_str();
        match &self.key {
            Key::Name => self.any(name) || self.any(name.trim_start_matches('/')),
            Key::Path => self.values.iter().any(|path| is_below(name, path, self.option == Compared::Recursive)),
            Key::Type => self.any(version.kind.word()),
            Key::Encryption => version.key.as_deref().is_some_and(|key| self.any(key)),
            Key::Tier => self.any(version.tier.word()),
            Key::DataType => self.any(&version.data_type),
            Key::Label => version.labels.iter().any(|label| self.any(label)),
            Key::Tag(tag) => {
                let mut tags = parameter.record.tags.iter();
                tags.any(|(key, value)| key == tag && (self.values.is_empty() || self.any(value)))
            }
        }
    }

    fn any(&self, text: &str) -> bool {
        self.values.iter().any(|value| match self.option {
            Compared::BeginsWith => text.starts_with(value),
            Compared::Contains => text.contains(value),
            _ => text == *value,
        })
    }

    /// Whether versions are chosen by their label.
    pub fn is_label(&self) -> bool {
        matches!(self.key, Key::Label)
    }
}

/// Whether the name lies below the path: directly, or at any depth. Names without a slash lie below `/`.
pub fn is_below(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let rest = match name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) => rest,
        None if path.is_empty() => name,
        None => return false,
    };
    recursive || !rest.contains('/')
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_hierarchy_has_levels() {
        for (name, path, one, all) in [
            ("/a/b", "/a", true, true),
            ("/a/b", "/a/", true, true),
            ("/a/b/c", "/a", false, true),
            ("/ab", "/a", false, false),
            ("/a", "/a", false, false),
            ("/a", "/", true, true),
            ("plain", "/", true, true),
            ("/a/b", "/", false, true),
        ] {
            assert_eq!((is_below(name, path, false), is_below(name, path, true)), (one, all), "{name} {path}");
        }
    }
}
